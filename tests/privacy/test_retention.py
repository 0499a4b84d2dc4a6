"""What is older than it is kept goes, nothing younger, and a dry run takes nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import (
    OneTimeCode,
    PasskeyChallenge,
    SignIn,
    SignInFailure,
    SignInMethod,
)
from portal.audit.models import AuditEntry
from portal.claims.models import ClaimState, UnitClaim
from portal.crypto import token_hash
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.queries import path_of
from portal.idempotency.models import IdempotencyKey
from portal.jobs.models import OPEN_STATES, JobRow, JobState
from portal.messages.models import OutgoingMessage
from portal.notifications.models import Notification
from portal.outbox.models import DomainEventRow
from portal.plugin_host.models import PluginFault, PluginToken
from portal.privacy import retention
from portal.privacy.cli import commands
from portal.privacy.models import PrivacySettings
from portal.roster.models import ImportState, RosterFault, RosterImport
from portal.webhooks.models import Webhook, WebhookDelivery
from tests.factories import add

OLD = timedelta(days=400)


@pytest.fixture
def aged(world):
    """Of each kind of rows one that is too old, and one that is not."""
    now = clock.now()
    for number, at in enumerate((now - OLD, now)):
        add(
            SignIn(
                public_id=f"s{number}", account_id=world.account.id,
                token_hash=token_hash(f"s{number}"), method=SignInMethod.CODE, last_seen_at=at,
            )
        )  # fmt: skip
    for row, when in ((OneTimeCode, "created_at"), (SignInFailure, "last_at")):
        first = sa.select(sa.func.min(row.id)).scalar_subquery()
        db.session.execute(sa.update(row).where(row.id == first).values({when: now - OLD}))
    for number, at in enumerate((now - OLD, now)):
        add(PasskeyChallenge(challenge_hash=bytes([number]) * 32, created_at=at))
        add(IdempotencyKey(key=f"key-of-a-form-{number}", body_hash=b"b" * 32, created_at=at))
    db.session.execute(sa.update(UnitClaim).values(state=ClaimState.REFUSED, decided_at=now - OLD))
    for number, at in enumerate((now - OLD, now)):
        file = add(
            StoredFile(
                kind="roster", owner_kind="roster_import", owner_key=f"i{number}",
                project_id=world.project.id, storage_name=f"no-bytes-{number}",
                original_name="名册.csv", content_type="text/csv", sha256="0" * 64, size_bytes=1,
            )
        )  # fmt: skip
        job = add(
            RosterImport(
                project_id=world.project.id, file_id=file.id, state=ImportState.DONE, created_at=at
            )
        )  # fmt: skip
        add(RosterFault(import_id=job.id, line=1, code="bad_phone"))
    # What making the world told.
    db.session.execute(sa.delete(DomainEventRow))
    for number, at in enumerate((now - OLD, now)):
        _plumbing(world, f"n{number}", at)
    db.session.commit()
    return world


def _plumbing(world, name, at):
    """One row of what the services underneath keep, made and ended at a moment."""
    add(Notification(
        account_id=world.account.id, kind="claims.approved", cause=name, subject={}, body={},
        created_at=at,
    ))  # fmt: skip
    add(OutgoingMessage(
        channel="mail", state="sent", about="tests", hint="", sent_at=at, created_at=at
    ))  # fmt: skip
    for state in JobState:
        runs = state == JobState.RUNNING
        ended = None if state in OPEN_STATES else at
        add(JobRow(
            kind="tests.do", state=state, payload={}, due_at=at, created_at=at,
            lease_owner="r" if runs else None, finished_at=ended,
        ))  # fmt: skip
    for relayed in (None, at):
        add(DomainEventRow(
            kind="member.joined", subject_kind="member", subject_key=name, data={},
            relayed_at=relayed, created_at=at,
        ))  # fmt: skip
    webhook = add(Webhook(
        name=name, address="https://example.com/", host="example.com", kinds=["member.joined"],
        secret="s",
    ))  # fmt: skip
    add(WebhookDelivery(
        webhook_id=webhook.id, event_key=name, kind="member.joined", subject_kind="member",
        subject_key=name, data={}, happened_at=at, created_at=at,
    ))  # fmt: skip
    add(PluginFault(
        plugin="hello", hook=name, reference="r", kind="ValueError", traceback="", last_at=at
    ))  # fmt: skip
    ends = ({"expires_at": at}, {"revoked_at": at}, {"single_use": True, "used_at": at}, {})
    for number, end in enumerate(ends):
        add(PluginToken(
            plugin="hello", token_hash=f"{name}{number}".encode() * 8, purpose="show",
            project_id=world.project.id, created_at=at, **end,
        ))  # fmt: skip


def counts():
    return {over.key: over.found for over in retention.look()}


EACH_ONE = {
    "sign_ins": 1, "codes": 1, "passkey_challenges": 1, "tries": 1,
    "refused_proof": 1, "approved_proof": 0,
    "roster_files": 1, "roster_faults": 1, "form_keys": 1, "inbox": 1, "messages": 1, "jobs": 3,
    "failed_jobs": 1, "events": 1, "webhook_deliveries": 1, "plugin_faults": 1, "plugin_links": 3,
}  # fmt: skip


def test_it_finds_what_is_older_and_deletes_just_that(aged, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    photo = path_of(aged.photo)
    assert counts() == EACH_ONE
    for _ in retention.sweep():
        db.session.commit()
    assert set(counts().values()) == {0}
    assert not photo.exists()
    left = {
        model: db.session.scalar(sa.select(sa.func.count()).select_from(model))
        for model in (
            SignIn, IdempotencyKey, RosterFault, Notification, OutgoingMessage, JobRow,
            DomainEventRow, WebhookDelivery, PluginFault, PluginToken,
        )
    }  # fmt: skip
    # What waits, runs, or still opens something stays, however old.
    assert left == {
        SignIn: 2, IdempotencyKey: 1, RosterFault: 1, Notification: 2, OutgoingMessage: 2,
        JobRow: 8, DomainEventRow: 3, WebhookDelivery: 1, PluginFault: 1, PluginToken: 6,
    }  # fmt: skip
    names = set(db.session.scalars(sa.select(StoredFile.original_name)))
    assert names == {"", "名册.csv", "插件照片.jpg"}
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "privacy.retention"))
    assert entry.facts == {key: number for key, number in EACH_ONE.items() if number}


def test_a_sweep_that_finds_nothing_leaves_no_audit_row(world):
    assert list(retention.sweep()) == []


def test_the_club_says_how_long(aged):
    add(PrivacySettings(waiting_days=7, days={"sign_ins": 500, "codes": 1}))
    found = {over.key: over for over in retention.look()}
    assert found["sign_ins"].found == 0
    # Never less than the least.
    assert found["codes"].days == 2


def test_the_command_counts_and_deletes(aged, app):
    runner = app.test_cli_runner()
    answer = runner.invoke(commands, ["retention", "--dry-run"])
    assert answer.exit_code == 0, answer.output
    assert "20 would be deleted." in answer.output
    assert sum(counts().values()) == 20
    answer = runner.invoke(commands, ["retention"])
    assert "20 deleted." in answer.output
    assert sum(counts().values()) == 0

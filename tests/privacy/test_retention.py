"""What is older than it is kept goes, nothing younger, and a dry run takes nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import OneTimeCode, SignIn, SignInFailure, SignInMethod
from portal.audit.models import AuditEntry
from portal.claims.models import ClaimState, UnitClaim
from portal.crypto import token_hash
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.queries import path_of
from portal.idempotency.models import IdempotencyKey
from portal.privacy import retention
from portal.privacy.cli import commands
from portal.privacy.models import PrivacySettings
from portal.roster.models import ImportState, RosterFault, RosterImport
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
    db.session.execute(
        sa.update(OneTimeCode).where(OneTimeCode.id == 1).values(created_at=now - OLD)
    )
    db.session.execute(
        sa.update(SignInFailure).where(SignInFailure.id == 1).values(last_at=now - OLD)
    )
    for number, at in enumerate((now - OLD, now)):
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
    db.session.commit()
    return world


def counts():
    return {over.key: over.found for over in retention.look()}


EACH_ONE = {
    "sign_ins": 1, "codes": 1, "tries": 1, "refused_proof": 1, "approved_proof": 0,
    "roster_files": 1, "roster_faults": 1, "form_keys": 1,
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
        for model in (SignIn, IdempotencyKey, RosterFault)
    }
    assert left == {SignIn: 2, IdempotencyKey: 1, RosterFault: 1}
    names = set(db.session.scalars(sa.select(StoredFile.original_name)))
    assert names == {"", "名册.csv"}
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "privacy.retention"))
    assert entry.facts == {key: 1 for key, number in EACH_ONE.items() if number}


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
    assert "7 would be deleted." in answer.output
    assert sum(counts().values()) == 7
    answer = runner.invoke(commands, ["retention"])
    assert "7 deleted." in answer.output
    assert sum(counts().values()) == 0

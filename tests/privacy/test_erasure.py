"""Erasure: after the waiting period no trace, before it a way back, and never half of it."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from portal import clock
from portal.accounts.models import Account, AccountState
from portal.accounts.queries import find_account_by_phone
from portal.audit import checking, sealing
from portal.audit.models import AuditEntry
from portal.claims.models import ClaimState, UnitClaim
from portal.crypto import Encrypted, lookup_hash
from portal.extensions import db
from portal.files.queries import path_of
from portal.members.models import Household, Member, MemberState, Person
from portal.members.service import register
from portal.messages.models import OutgoingMessage
from portal.notifications.models import Notification
from portal.permissions.models import RoleGrant
from portal.privacy import erasing, service
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.models import PrivacyEvent, PrivacyRequest, RequestReason, RequestState
from portal.projects.models import Ownership, Unit
from portal.slots import PluginAnswer, slots
from tests.factories import (
    add,
    make_account,
    make_member,
    make_ownership,
    make_staff,
    sign_in,
)
from tests.privacy.conftest import SECRETS


def erase(world):
    """Ask, let the days pass, and carry out; return whether it is done."""
    request = service.request_erasure(actor=world.account, member=world.member)
    request.due_at = clock.now()
    db.session.commit()
    done = erasing.carry_out(request.id)
    db.session.commit()
    return done


def everything():
    """Yield table, column and value of every cell, encrypted ones decrypted."""
    db.session.expire_all()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            for column, value in zip(table.c, row, strict=True):
                if value is not None:
                    yield table.name, column, value


def traces(world, *, hashes):
    """Return where something of the member can still be read, or found by a hash."""
    secrets = [*SECRETS, world.phone, world.phone[-11:]]
    found = []
    for table, column, value in everything():
        if isinstance(value, bytes) and not isinstance(column.type, Encrypted):
            found += [(table, column.name)] if value in hashes else []
        else:
            found += [(table, column.name, s) for s in secrets if s in str(value)]
    return found


def hashes_of(world):
    return {
        world.account.phone_hash,
        world.account.phone_tail_hash,
        lookup_hash("code_target", world.phone),
        lookup_hash("identity", world.phone),
        lookup_hash("identity", world.account.public_id),
        lookup_hash("identity", world.account.email),
        lookup_hash("code_target", world.account.email),
    }


def home_of(world):
    return db.session.scalars(
        sa.select(Unit).join(Ownership).where(Ownership.member_id == world.member.id)
    ).one()


def test_no_trace_is_left(world):
    hashes, photo = hashes_of(world), path_of(world.photo)
    kinds = {name for name, *_ in traces(world, hashes=hashes)}
    # The test itself must be able to see: what it looks for is in all these tables before.
    assert {
        "account", "member", "person", "unit_claim", "claim_event", "roster_entry", "stored_file",
        "audit_entry", "one_time_code", "sign_in_failure", "plugin_token", "notification",
        "outgoing_message", "api_token", "points_note", "invitation",
    } <= kinds  # fmt: skip
    assert photo.is_file()
    assert erase(world)
    assert traces(world, hashes=hashes) == []
    assert not photo.exists()


def test_what_stays_is_there_without_a_name(world):
    sealing.seal_entries()
    unit = home_of(world)
    assert erase(world)
    member, account = (
        db.session.get(Member, world.member.id),
        db.session.get(Account, world.account.id),
    )
    assert (member.name, member.state) == ("已注销会员", MemberState.LEFT)
    assert (account.state, account.display_name) == (AccountState.CLOSED, "")
    ownership = db.session.scalar(sa.select(Ownership).where(Ownership.member_id == member.id))
    assert (ownership.member_id, ownership.end_reason) == (member.id, "left_club")
    assert db.session.get(Unit, unit.id).household_id is None
    assert db.session.get(UnitClaim, world.claim.id).state == ClaimState.WITHDRAWN
    # The trail still fits its seals, with the blanked words.
    while sealing.seal_entries() is not None:
        db.session.commit()
    found = checking.verify()
    assert found.damage is None
    assert found.blanked > 0


def test_the_account_is_closed_and_the_phone_may_join_anew(world, client):
    signed_in = sign_in(client, world.member)
    assert signed_in.get("/me/privacy").status_code == 200
    assert erase(world)
    assert signed_in.get("/me/privacy").status_code == 302
    assert find_account_by_phone(world.phone) is None
    again = register(phone=world.phone, name="欧阳静怡")
    db.session.commit()
    assert again.id != world.member.id


def test_a_household_with_others_stays(world):
    spouse = make_member(
        name="周明", household=db.session.get(Household, world.member.household_id)
    )
    unit = home_of(world)
    make_ownership(spouse, unit, role="co_owner")
    assert erase(world)
    assert db.session.get(Member, spouse.id).household_id == world.member.household_id
    assert db.session.get(Unit, unit.id).household_id == world.member.household_id
    # Her child goes, whom she alone stood for; the father stays with the others.
    assert [p.relation for p in db.session.scalars(sa.select(Person))] == ["parent"]


def test_the_member_is_told_by_every_way_at_once(world):
    """Should somebody else have asked, the owner hears of it and can cancel."""
    service.request_erasure(actor=world.account, member=world.member)
    db.session.commit()
    kind = "privacy.erasure_begun"
    assert kind in db.session.scalars(sa.select(Notification.kind)).all()
    about = OutgoingMessage.about == kind
    sent = db.session.scalars(sa.select(OutgoingMessage.channel).where(about)).all()
    assert sorted(sent) == ["mail", "sms"]


def test_nothing_happens_before_the_day(world):
    request = service.request_erasure(actor=world.account, member=world.member)
    db.session.commit()
    assert timedelta(days=6) < request.due_at - clock.now() <= timedelta(days=7)
    assert list(erasing.due_erasures()) == []


def test_the_job_carries_out_what_is_due(world, app):
    request = service.request_erasure(actor=world.account, member=world.member)
    request.due_at = clock.now()
    db.session.commit()
    assert list(erasing.due_erasures()) == [request.id]
    assert erasing.carry_out(request.id)
    db.session.commit()
    assert list(erasing.due_erasures()) == []
    # Once more changes nothing.
    assert not erasing.carry_out(request.id)
    assert db.session.scalar(sa.select(PrivacyRequest.state)) == RequestState.DONE


def test_a_role_stands_in_the_way(world):
    grant = add(RoleGrant(account_id=world.account.id, role="staff", project_id=world.project.id))
    assert not erase(world)
    request = db.session.scalar(sa.select(PrivacyRequest))
    assert request.state == RequestState.HELD
    assert len(request.obstacles) == 1
    assert request.due_at > clock.now() + timedelta(minutes=50)
    assert db.session.get(Member, world.member.id).name == "欧阳静怡"
    grant.revoked_at = clock.now()
    db.session.commit()
    assert erasing.carry_out(request.id)


def test_a_disputed_home_of_its_only_owner_stands_in_the_way(world):
    unit = home_of(world)
    other = make_member(name="赵六")
    add(
        UnitClaim(
            project_id=world.project.id, member_id=other.id, unit_id=unit.id, building="2",
            number="1502", address="x", name="赵六", role="owner", state=ClaimState.DISPUTED,
        )
    )  # fmt: skip
    assert not erase(world)
    assert db.session.scalar(sa.select(PrivacyRequest.state)) == RequestState.HELD


def test_a_plugin_that_cannot_answer_holds_it_up_and_nothing_is_half_done(world, monkeypatch):
    photo = path_of(world.photo)
    answers = {
        "check_member_removal": [],
        "erase_member_data": [PluginAnswer("library", fault="boom")],
    }
    monkeypatch.setattr(slots(), "ask_installed", lambda hook, **_: answers[hook])
    assert not erase(world)
    request = db.session.scalar(sa.select(PrivacyRequest))
    assert request.state == RequestState.HELD
    assert "library" in request.obstacles[0]
    assert photo.is_file()
    assert db.session.get(Member, world.member.id).state == MemberState.ACTIVE
    # It waits longer each time, with one line in the history for one obstacle.
    waits = []
    for _ in range(6):
        assert not erasing.carry_out(request.id)
        db.session.commit()
        db.session.refresh(request)
        waits.append(round((request.due_at - clock.now()) / timedelta(hours=1)))
    assert waits == [2, 4, 8, 16, 24, 24]
    held = sa.select(sa.func.count()).where(PrivacyEvent.to_state == RequestState.HELD)
    assert db.session.scalar(held) == 1
    answers["erase_member_data"] = []
    assert erasing.carry_out(request.id)


def test_a_feature_that_fails_leaves_everything_as_it_was(world, monkeypatch):
    photo = path_of(world.photo)

    def broken(member):
        raise RuntimeError("broken")

    fillers = slots().fillers
    monkeypatch.setitem(fillers, "erase_member_data", [broken, *fillers["erase_member_data"]])
    with pytest.raises(RuntimeError):
        erase(world)
    db.session.rollback()
    assert photo.is_file()
    assert db.session.get(Member, world.member.id).name == "欧阳静怡"
    assert db.session.scalar(sa.select(PrivacyRequest.state)) == RequestState.WAITING


def test_one_open_erasure_at_a_time(world):
    service.request_erasure(actor=world.account, member=world.member)
    with pytest.raises(PrivacyError, match="already_open"):
        service.request_erasure(actor=world.account, member=world.member)


def test_two_requests_at_once_make_one(world, app):
    member_id, account_id = world.member.id, world.account.id
    outcomes, barrier = [], threading.Barrier(2)

    def ask():
        with app.app_context():
            member, account = db.session.get(Member, member_id), db.session.get(Account, account_id)
            db.session.rollback()
            barrier.wait()
            try:
                service.request_erasure(actor=account, member=member)
                db.session.commit()
                outcomes.append("asked")
            except PrivacyError as error:
                db.session.rollback()
                outcomes.append(error.code)

    db.session.commit()
    run_both(ask, ask)
    assert sorted(outcomes) == ["already_open", "asked"]


def test_cancelling_while_it_is_carried_out_ends_one_way(world, app):
    request = service.request_erasure(actor=world.account, member=world.member)
    request.due_at = clock.now()
    db.session.commit()
    id_, account_id, outcomes, barrier = request.id, world.account.id, [], threading.Barrier(2)

    def cancel():
        with app.app_context():
            row, actor = db.session.get(PrivacyRequest, id_), db.session.get(Account, account_id)
            db.session.rollback()
            barrier.wait()
            try:
                service.cancel(actor=actor, request=row, reason=RequestReason.CHANGED_MIND)
                db.session.commit()
                outcomes.append("cancelled")
            except RequestStateError:
                db.session.rollback()

    def carry_out():
        with app.app_context():
            barrier.wait()
            if erasing.carry_out(id_):
                outcomes.append("done")
            db.session.commit()

    run_both(cancel, carry_out)
    db.session.expire_all()
    assert outcomes == [db.session.get(PrivacyRequest, id_).state]
    erased = db.session.get(Member, world.member.id).state == MemberState.LEFT
    assert erased == (outcomes == ["done"])


def run_both(*targets):
    db.session.commit()
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_history_of_a_request_is_append_only(world):
    service.request_erasure(actor=world.account, member=world.member)
    db.session.flush()
    for statement in (
        sa.delete(PrivacyEvent),
        sa.update(PrivacyEvent).values(reason="asked"),
        sa.update(PrivacyEvent).values(note="x"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), db.session.begin_nested():
            db.session.execute(statement)


def test_an_erasure_is_recorded(world):
    assert erase(world)
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "member.erased"))
    assert (entry.subject_key, entry.actor_id) == (world.member.public_id, None)


def test_staff_ask_and_a_second_person_confirms(world):
    desk, centre = make_staff("manager", world.project), make_staff("centre")
    with pytest.raises(PrivacyError, match="own_act"):
        service.start_erasure(
            actor=world.account, member=world.member, project=world.project,
            reason=RequestReason.LETTER, note="信函 12 号",
        )  # fmt: skip
    request = service.start_erasure(
        actor=desk, member=world.member, project=world.project,
        reason=RequestReason.LETTER, note="静怡 信函 12 号",
    )  # fmt: skip
    db.session.commit()
    request.due_at = clock.now()
    db.session.commit()
    assert list(erasing.due_erasures()) == []
    for actor in (desk, world.account):
        with pytest.raises(PrivacyError, match="own_act"):
            service.confirm_erasure(actor=actor, request=request)
    service.confirm_erasure(actor=centre, request=request)
    db.session.commit()
    assert request.due_at > clock.now() + timedelta(days=6)
    with pytest.raises(RequestStateError, match="waiting"):
        service.confirm_erasure(actor=make_account(), request=request)
    request.due_at = clock.now()
    db.session.commit()
    assert erasing.carry_out(request.id)
    db.session.commit()
    assert traces(world, hashes=set()) == []

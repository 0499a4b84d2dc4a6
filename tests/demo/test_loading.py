"""How the demo is loaded: the same for a seed, dated from today, once, and whole."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.claims.models import UnitClaim
from portal.club.models import Club
from portal.demo import loader
from portal.demo.cast import MEMBERS, OWNER, STAFF, WAITING
from portal.demo.cli import commands
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Building, Ownership, Unit
from tests import factories as make


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def member(name: str) -> Member:
    return db.session.scalars(sa.select(Member).where(Member.name == name)).one()


def digest() -> str:
    """Return what must not differ between two loads with one seed."""
    rows = db.session.execute(
        sa.select(Member.name, Member.card_number, Member.joined_on, Building.name, Unit.number)
        .outerjoin(Ownership, Ownership.member_id == Member.id)
        .outerjoin(Unit, Unit.id == Ownership.unit_id)
        .outerjoin(Building, Building.id == Unit.building_id)
        .order_by(Member.card_number, Building.name, Unit.number)
    )
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def test_the_same_seed_makes_the_same_people(app: Flask, request: Any) -> None:
    digests = []
    for seed in (7, 7, 8):
        loader.load(members=40, seed=seed)
        db.session.flush()
        digests.append(digest())
        db.session.rollback()
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    "today", [datetime(2024, 2, 29, 3, tzinfo=UTC), datetime(2031, 1, 1, 18, tzinfo=UTC)]
)
def test_dates_follow_today(app: Flask, monkeypatch: Any, today: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: today)
    loader.load(members=30, seed=1)
    db.session.flush()
    newest = db.session.scalar(sa.select(sa.func.max(UnitClaim.created_at)))
    assert newest is not None
    assert 0 <= (today - newest).total_seconds() < 3 * 86400
    here = clock.business_date("Asia/Shanghai", today)
    owner = member(OWNER.name)
    assert (here - owner.joined_on).days == OWNER.joined
    assert (db.session.scalar(sa.select(sa.func.max(Member.joined_on))) or here) <= here
    assert (db.session.scalar(sa.select(sa.func.max(Ownership.since))) or here) <= here
    assert (db.session.scalar(sa.select(sa.func.max(Unit.handover_on))) or here) <= here


@pytest.fixture
def run(app: Flask) -> Any:
    def invoke(*args: Any) -> Any:
        # What the test has open would lock the command out.
        db.session.commit()
        return app.test_cli_runner().invoke(*args)

    return invoke


def test_the_command_loads_and_says_who_is_who(run: Any) -> None:
    result = run(commands, ["load", "--members", "5"])
    assert result.exit_code == 0, result.output
    for person in (*MEMBERS, *STAFF):
        assert not person.email or person.email in result.output
    assert WAITING[0].name in result.output
    assert WAITING[0].phone[3:] in result.output
    assert count(Member) == 5 + len(MEMBERS)


def test_who_has_joined_is_not_offered_again(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    make.make_account(phone=WAITING[0].phone)
    result = run(commands, ["load", "--if-empty"])
    assert WAITING[0].phone[3:] not in result.output
    assert WAITING[1].phone[3:] in result.output
    for each in WAITING[1:]:
        make.make_account(phone=each.phone)
    assert "Try joining" not in run(commands, ["load", "--if-empty"]).output


def test_loading_twice_is_refused_and_changes_nothing(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    before = count(Member)
    result = run(commands, ["load", "--members", "5"])
    assert result.exit_code == 1
    assert "already holds a club" in result.output
    assert count(Member) == before


def test_if_empty_leaves_a_loaded_demo_and_says_who(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 0
    assert "owner@demo.test" in result.output
    assert count(Member) == len(MEMBERS)


def test_if_empty_leaves_a_real_club_alone(run: Any) -> None:
    make.make_member()
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 0
    assert "not the demo" in result.output
    assert "demo-password" not in result.output
    assert count(Member) == 1


def test_outside_demo_mode_the_command_refuses(app: Flask, run: Any, monkeypatch: Any) -> None:
    settings = replace(app.extensions["portal.settings"], demo=False)
    monkeypatch.setitem(app.extensions, "portal.settings", settings)
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 1
    assert "PORTAL_DEMO=1" in result.output
    assert count(Account) == 0


def test_a_load_that_fails_leaves_nothing(app: Flask, run: Any, monkeypatch: Any) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(loader, "add_neighbours", fail)
    result = run(commands, ["load"])
    assert result.exit_code == 1
    db.session.rollback()
    assert count(Account) == 0
    assert count(Club) == 0

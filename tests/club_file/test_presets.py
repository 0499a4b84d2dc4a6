"""Each club that comes along: its file is sound, and its events come to what it promises."""

import itertools
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal import clock
from portal.club_file.presets import preset_names, preset_text
from portal.club_file.reading import read
from portal.club_file.service import bring_in
from portal.club_file.writing import document_on
from portal.earning.service import record_fact
from portal.extensions import db
from portal.facts.service import NewFact
from portal.members.models import Member
from portal.points import queries
from portal.points.terms import Holder
from portal.points.verify import verify
from portal.tiers.queries import tier_keys
from tests.club_file.scripts import BEGIN, SCRIPTS, Look, Told
from tests.factories import make_member, make_project, make_unit
from tests.tiers.helpers import night

_keys = itertools.count(1)


class Clock:
    """The test's own day, at noon in the club's time zone."""

    day = BEGIN

    def now(self) -> datetime:
        noon = datetime.combine(self.day, time(12), ZoneInfo("Asia/Shanghai"))
        return noon.astimezone(UTC)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Clock:
    """Let the club begin on New Year's Day."""
    found = Clock()
    monkeypatch.setattr(clock, "now", found.now)
    return found


def bring(name: str) -> list[object]:
    changes = bring_in(actor=None, document=read(preset_text(name)))
    db.session.commit()
    return list(changes)


def tell(member: Member, told: Told) -> None:
    home = make_unit(make_project()) if told.at_home else None
    new = NewFact(
        told.source, f"k{next(_keys)}", told.day, member_id=member.id, amount=told.amount,
        category=told.category, facts=dict(told.facts), unit_id=home.id if home else None,
    )  # fmt: skip
    assert record_fact(actor=None, new=new).is_new
    db.session.commit()


def points(member: Member, currency: str) -> Decimal:
    figures = queries.balance(Holder.member(member.id), currency)
    return Decimal(figures.available) / 1000


def sleep(moved: Clock, day: date, has_tiers: bool) -> None:
    """Let the nights up to a day pass that change tiers: the first of each month, and the last."""
    while has_tiers and moved.day < day:
        month = moved.day.replace(day=1)
        first = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        moved.day = min(first, day)
        night(moved.day)
    moved.day = day
    if has_tiers:
        night(day)


def test_every_preset_has_its_script() -> None:
    assert preset_names() == sorted(SCRIPTS)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_events_come_to_what_the_preset_promises(moved: Clock, name: str) -> None:
    assert bring(name)
    assert bring(name) == []
    assert bring_in(actor=None, document=document_on(BEGIN)) == []
    has_tiers = bool(document_on(BEGIN)["schemes"])
    member = make_member(joined_on=BEGIN)
    for number, step in enumerate(SCRIPTS[name]):
        if isinstance(step, Told):
            sleep(moved, step.day, has_tiers)
            tell(member, step)
            continue
        assert isinstance(step, Look)
        sleep(moved, step.day, has_tiers)
        found = {currency: points(member, currency) for currency in step.points}
        wanted = {currency: Decimal(text) for currency, text in step.points.items()}
        assert found == wanted, f"step {number}: {step}"
        if step.tier != "":
            assert tier_keys([member.id])[member.id] == step.tier, f"step {number}: {step}"
    assert verify() == []


@pytest.mark.parametrize(("mode", "wanted"), [("floor", "123"), ("half_up", "124")])
def test_the_rounding_of_a_second_home_is_a_setting(moved: Clock, mode: str, wanted: str) -> None:
    document = read(preset_text("happy-points"))
    rule = next(each for each in document["rules"] if each["key"] == "repeat-home")
    assert rule["amount"]["rounding"] == "half_up"
    rule["amount"]["rounding"] = mode
    document["rules"] = [rule]
    bring_in(actor=None, document=document)
    member = make_member(joined_on=BEGIN)
    tell(member, Told(BEGIN, "contract.signed", 1_000_000_00))
    tell(member, Told(BEGIN, "contract.signed", 1_236_789_00))
    assert points(member, "redeemable") == Decimal(wanted)

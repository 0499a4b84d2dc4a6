"""A club that nobody has seen is built on the screens alone, and is the same from its file.

Four tiers over a household's points of the year, the first 5 % of the third move up next year, half
points, a campaign with a budget, and points that end with the year unless December gave them.
"""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.cli import main
from portal.earning.service import record_fact
from portal.extensions import db
from portal.facts.service import NewFact
from portal.jobs.runner import Runner
from portal.members.models import Household, Member
from portal.points import queries
from portal.points.terms import Holder
from portal.points.verify import verify
from portal.tiers.queries import tier_keys
from tests.conftest import empty_database
from tests.factories import make_member, make_staff, sign_in
from tests.screens import EN, Screens
from tests.tiers.helpers import night

BEGIN = date(2027, 1, 1)
_keys = itertools.count(1)


class Clock:
    """The test's own day, at noon in the club's time zone."""

    day = BEGIN - timedelta(days=1)

    def now(self) -> datetime:
        noon = datetime.combine(self.day, time(12), ZoneInfo("Asia/Shanghai"))
        return noon.astimezone(UTC)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Clock:
    """Let it be the day before New Year."""
    found = Clock()
    monkeypatch.setattr(clock, "now", found.now)
    return found


def seated(app: Flask, account_id: int) -> Screens:
    """Return the pages of somebody who has just signed in."""
    return Screens(sign_in(app.test_client(), db.session.get_one(Account, account_id)))


def tell(member: Member, source: str, day: date, yuan: int = 0, category: str = "") -> None:
    new = NewFact(
        source, f"k{next(_keys)}", day, member_id=member.id, amount=yuan * 100 or None,
        category=category,
    )  # fmt: skip
    record_fact(actor=None, new=new)
    db.session.commit()


def set_points(screens: Screens) -> None:
    """Points end with the year in which they were given; those of December a year later."""
    rules = "/centre/points/rules"
    screens.send(rules, rules)
    screens.send(
        f"{rules}/redeemable", expiry_months="1", expiry_rounding="year", december_carry="y",
        valid_from=BEGIN.isoformat(), reason="Our year",
    )  # fmt: skip


def write_rules(screens: Screens) -> None:
    """Half a point a day, one a yuan, and a festival: 1 for 10 yuan, twice in June, 120 in all."""
    screens.send("/centre/earning", "/centre/earning/draft/start")
    new = "/centre/earning/draft/new-rule"
    condition = {"ways-0-conditions-0-field": "category", "ways-0-conditions-0-op": "is",
                 "ways-0-conditions-0-value": "festival"}  # fmt: skip
    screens.send(
        new, key="visit", title_zh="每日到访", source="member.signed_in", kind="fixed",
        points="0.5", to=["redeemable"], **{"limits-0-times": "1", "limits-0-period": "day"},
    )  # fmt: skip
    screens.send(
        new, key="spend", title_zh="消费", source="spend.recorded", kind="per_amount", points="1",
        divisor="1", to=["redeemable", "qualifying"],
        **{**condition, "ways-0-conditions-0-negated": "y"},
    )  # fmt: skip
    screens.send(
        new, key="festival", title_zh="邻里节", source="spend.recorded", kind="per_amount",
        points="1", divisor="10", campaigns="2027-06-01..2027-06-30: 2", to=["redeemable"],
        budget_code="festival", budget_points="120", **condition,
    )  # fmt: skip


def backtest(screens: Screens, app: Flask) -> str:
    """Replay December on the draft; return the page of what it would have given."""
    page = screens.send(
        "/centre/earning/backtests", since="2026-12-01", until=(BEGIN - timedelta(1)).isoformat()
    )
    db.session.remove()
    Runner(app, kinds=("earning.backtest",)).run_once()
    return screens.client.get(page, headers=EN).text


def draw_tiers(screens: Screens) -> None:
    """Door; garden from 1,000 points of the household's year; tower from 5,000; sky: the best."""
    screens.send("/centre/tiers", key="ours", name_zh_Hans_CN="我们的等级", is_club="y")
    at = "/centre/tiers/ours"
    draft = f"{at}/draft"
    screens.send(
        f"{draft}/settings", pool="household", period="year", up="at_once",
        down_when="period_start", down_to="one_step", whole_periods="1", keep_percent="80",
    )  # fmt: skip
    year = {"kind": "points", "window": "calendar", "span": "year", "currency": "qualifying"}
    screens.send(f"{draft}/figures/-new", key="year", name_zh_Hans_CN="今年积分", **year)
    screens.send(f"{draft}/figures/-new", key="last", name_zh_Hans_CN="去年积分", back="y", **year)
    nobody = {f"reach_{way}_{row}_metric": "" for way in range(3) for row in range(3)}
    for old, key, name, reach in (
        ("blue", "door", "家门", {}),
        ("silver", "garden", "花园", {"metric": "year", "value": "1,000"}),
        ("gold", "tower", "高塔", {"metric": "year", "value": "5,000"}),
        ("diamond", "sky", "云端", {"metric": "last", "operator": "top", "value": "5"}),
    ):
        keep = {"own_keep": "y", "keep_0_0_metric": "last", "keep_0_0_value": "5000"}
        typed = {f"reach_0_0_{part}": value for part, value in reach.items()}
        screens.send(
            f"{draft}/tiers/{old}", key=key, name_zh_Hans_CN=name, name_zh_Hant=name,
            name_en=key.title(), **{**nobody, **typed, **(keep if key == "sky" else {})},
        )  # fmt: skip
    for figure in ("units", "points_12", "points_24"):
        screens.send(at, f"{draft}/remove", {"act": "metric", "key": figure}.items())


LIVED = [
    [(4_000, "tower"), (2_000, "tower"), (5_000, "tower"), (1_500, "garden"), (1.5, "door")],
    # The second of the festival came to 220 points of 120.
    [(4_000, "tower"), (2_000, "tower"), (5_000, "tower"), (1_800, "garden"), (101.5, "door")],
    # December is carried over. One household of twenty members is the first 5 %.
    [(0, "sky"), (0, "sky"), (0, "tower"), (300, "garden"), (0, "door")],
    [(0, "sky"), (0, "sky"), (0, "garden"), (0, "door"), (0, "door")],
]
"""Points and tiers of a couple, one of eighteen others, one with some points, one with hardly any:
on the days that `live` looks."""


def live(moved: Clock) -> list[list[Any]]:
    """Let two years pass; return the balances and tiers of some days."""
    couple = [make_member(joined_on=BEGIN)]
    couple.append(
        make_member(joined_on=BEGIN, household=db.session.get(Household, couple[0].household_id))
    )
    singles = [make_member(joined_on=BEGIN) for _ in range(18)]
    some, none = make_member(joined_on=BEGIN), make_member(joined_on=BEGIN)
    people = [*couple, singles[0], some, none]
    told: list[list[Any]] = []

    def look(day: date) -> None:
        moved.day = day
        night(day)
        tiers = tier_keys([member.id for member in people])
        balances = (queries.balance(Holder.member(member.id), "redeemable") for member in people)
        told.append(
            [(each.available / 1000, tiers[m.id]) for each, m in zip(balances, people, strict=True)]
        )

    moved.day = date(2027, 1, 2)
    for day in (2, 2, 3, 4):
        tell(none, "member.signed_in", date(2027, 1, day))
    for member, yuan in [(couple[0], 4_000), (couple[1], 2_000), (some, 1_500)]:
        tell(member, "spend.recorded", moved.day, yuan)
    for number, member in enumerate(singles):
        tell(member, "spend.recorded", moved.day, 5_000 + number)
    look(date(2027, 1, 4))
    moved.day = date(2027, 6, 10)
    for member in (none, some):
        tell(member, "spend.recorded", moved.day, 500, "festival")
    moved.day = date(2027, 12, 10)
    tell(some, "spend.recorded", moved.day, 300)
    for day in (date(2027, 12, 31), date(2028, 1, 1), date(2029, 1, 1)):
        look(day)
    assert verify() == []
    return told


def test_a_club_is_built_on_screens_and_lives_the_same_from_its_file(
    moved: Clock, app: Flask, tmp_path: Path
) -> None:
    persons = [make_staff("administrator").id for _ in range(2)]
    screens, colleague = (seated(app, each) for each in persons)
    early = make_member(joined_on=date(2026, 1, 1))
    tell(early, "member.signed_in", date(2026, 12, 30))
    set_points(screens)
    write_rules(screens)
    replayed = backtest(screens, app)
    assert "1 facts replayed" in replayed
    assert ">0.5<" in replayed
    draw_tiers(screens)
    moved.day = BEGIN
    # The next day they are asked who they are before points' rules change: they sign in again.
    screens, colleague = (seated(app, each) for each in persons)
    screens.send("/centre/tiers/ours", "/centre/tiers/ours/propose", begins_on=BEGIN.isoformat())
    rules = "/centre/earning/draft"
    screens.send(rules, f"{rules}/propose", begins_on=BEGIN.isoformat())
    colleague.send("/centre/tiers/ours", "/centre/tiers/ours/publish")
    colleague.send(rules, f"{rules}/publish")
    file = tmp_path / "club.json"
    assert (
        app.test_cli_runner().invoke(main, ["club", "export", str(file)], obj=None).exit_code == 0
    )
    assert live(moved) == LIVED
    db.session.remove()
    empty_database(app.config["SQLALCHEMY_DATABASE_URI"])
    moved.day = BEGIN
    app.test_cli_runner().invoke(main, ["club", "import", str(file)], obj=None)
    again = app.test_cli_runner().invoke(main, ["club", "export"], obj=None)
    assert again.output == file.read_text("utf-8")
    assert live(moved) == LIVED

"""Figures of care: in time, late, missed, open, and the money, by month and kind."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from plugins.rewards.care import figures
from plugins.rewards.care.figures import Kept
from plugins.rewards.care.states import Care, Closing, Outcome, Rhythm, TaskState
from plugins.rewards.figures import Span
from plugins.rewards.models import CareBudget, CareRule, CareTask
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories

PAGE = "/p/binjiang/staff/rewards/care/figures"
SPAN = Span("2026-06", "2026-07")


@pytest.fixture
def make_task(place):
    """Make a task that was due on a day, done so many days after it unless told."""
    what = {"project_id": place.project.id, "tier": "gold", "kind": Care.CALL}
    rules = []

    def make(due, after=0, **values):
        rules.append(CareRule(**what, rhythm=Rhythm.DAYS, title=str(len(rules))))
        rule = factories.add(rules[-1])
        values.setdefault("state", TaskState.DONE)
        over = values["state"] != TaskState.OPEN
        done = values["state"] == TaskState.DONE
        return factories.add(
            CareTask(
                **what | values, rhythm=Rhythm.DAYS, rule_id=rule.id, version=1, turn=1,
                member_id=place.member.id, opens_on=due, due_on=due, promised_on=due,
                ended_on=due + timedelta(days=after) if over else None,
                outcome=Outcome.REACHED if done else None,
            )
        )  # fmt: skip

    return make


def test_care_counts_in_the_month_of_its_last_day(place, make_task):
    june, july = date(2026, 6, 30), date(2026, 7, 31)
    make_task(june)
    make_task(june, after=1)
    make_task(july, state=TaskState.SKIPPED, reason="休假")
    make_task(july, state=TaskState.CLOSED, reason=Closing.MISSED)
    make_task(july, state=TaskState.CLOSED, reason=Closing.MOVED_OUT)
    make_task(july, state=TaskState.OPEN)
    make_task(date(2026, 7, 1), state=TaskState.OPEN)
    make_task(date(2026, 5, 31))
    make_task(date(2026, 8, 1))
    found = figures.kept(place.project.id, SPAN, july)
    assert found == [
        Kept("2026-06", Care.CALL, in_time=1, late=1),
        Kept("2026-07", Care.CALL, missed=2, open=2, overdue=1),
    ]
    assert figures.by_month(found, SPAN) == [
        Kept("2026-06", "", in_time=1, late=1), Kept("2026-07", "", missed=2, open=2, overdue=1),
    ]  # fmt: skip
    whole = figures.by_kind(found)
    assert [(row.kind, row.done, row.percent) for row in whole] == [(Care.CALL, 2, 20)]
    assert Kept("2026-07", Care.CALL, open=1).percent is None
    assert figures.kept(place.project.id + 1, SPAN, july) == []


def test_money_stands_beside_what_it_was_for(place, make_task):
    make_task(date(2026, 7, 1), kind=Care.GIFT)
    money = {"planned": 500_00, "committed": 100_00, "spent": 80_00}
    for kind in (Care.GIFT, Care.DINNER):
        factories.add(CareBudget(project_id=place.project.id, month="2026-07", kind=kind, **money))
    found = figures.kept(place.project.id, SPAN, date(2026, 7, 31))
    assert found == [
        Kept("2026-07", Care.DINNER, **money), Kept("2026-07", Care.GIFT, in_time=1, **money),
    ]  # fmt: skip


def test_the_page_and_its_file(app, place, make_task, query_count):
    manager = factories.make_staff("manager", place.project)
    signed = factories.sign_in(app.test_client(), manager)
    assert "这几个月还没有完成的关怀" in signed.get(PAGE).text
    today = clock.business_date(place.project.time_zone)
    make_task(today)
    with query_count() as one:
        assert "100%" in signed.get(PAGE).text
    for _ in range(10):
        make_task(today, kind=Care.VISIT)
    with query_count() as more:
        signed.get(f"{PAGE}?from=x&to=2026-99")
    assert len(one) == len(more) <= 8
    with signed.post(f"{PAGE}.csv") as answer:
        assert ",10,0,0,0,0,0.00,0.00,0.00" in answer.text
    mine = sa.select(AuditEntry.facts).where(AuditEntry.action == "rewards.care_exported")
    assert db.session.scalars(mine).one()["rows"] == 2
    assert signed.post(f"{PAGE}.exe").status_code == 404
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.get(PAGE).status_code == 403

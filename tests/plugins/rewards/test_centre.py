"""The club's figures: every project beside the others, and all of them together."""

from datetime import UTC, datetime

import sqlalchemy as sa

from plugins.rewards import figures
from plugins.rewards.figures import Owed, Span
from plugins.rewards.models import Order, Step
from plugins.rewards.states import State, Way
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from tests import factories
from tests.plugin_host.conftest import switch_on

PAGE = "/centre/rewards/"


def _project(slug, time_zone="Asia/Shanghai"):
    project = factories.make_project(slug=slug)
    project.time_zone = time_zone
    switch_on("rewards", project)
    db.session.commit()
    return project


def _taken(project, item, member, *, state=State.COLLECTED, at=None):
    """Note an order of two pieces of 100 points that came to a state, in a project."""
    at, where = at or clock.now(), {"project_id": project.id}
    over = state != State.PLACED
    ended = {"done_at": at, "captured": 200_000, "capture_id": 1} if over else {}
    code = f"{project.id}{item.id}{db.session.scalar(sa.select(sa.func.count(Order.id)))}"
    order = factories.add(
        Order(
            **where, **ended, item_id=item.id, member_id=member.id, state=state,
            household_id=member.household_id, way=Way.COLLECT, quantity=2, price=100_000, hold_id=1,
            code=code.ljust(12, "Z"), title=item.title, placed_at=at,
        )
    )  # fmt: skip
    factories.add(Step(**where, order_id=order.id, state=state, by=1, at=at))


def test_each_project_counts_by_itself_and_by_its_own_clocks(place, make_item):
    west = _project("west", time_zone="America/New_York")
    club = make_item(project_id=None, stock=None)
    # Half past midnight on the first of July in China is still June in New York.
    at = datetime(2026, 6, 30, 16, 30, tzinfo=UTC)
    for project in (place.project, west):
        _taken(project, club, place.member, at=at)
    _taken(west, club, place.member, state=State.PLACED)
    refs = [place.ref, project_ref(west)]
    span = Span("2026-06", "2026-07")
    found, owed = figures.taken_and_owed(refs, span, clock.now())
    assert [(row.month, row.captured) for row in found[place.project.id]] == [("2026-07", 200_000)]
    assert [(row.month, row.captured) for row in found[west.id]] == [("2026-06", 200_000)]
    best = figures.best_sellers(refs, span)
    assert [(each.pieces, each.taken, each.project_id) for each in best] == [(4, 400_000, None)]
    assert owed == {place.project.id: Owed(), west.id: Owed(orders=1, held=200_000)}
    assert figures.taken_and_owed([], span, clock.now()) == ({}, {})


def test_the_page_reads_as_much_for_two_projects_as_for_twelve(
    client, place, make_item, query_count
):
    item = make_item(project_id=None, stock=None)
    for project in (place.project, _project("p1")):
        _taken(project, item, place.member)
    signed = factories.sign_in(client, factories.make_staff("centre"))
    signed.get(PAGE)
    with query_count() as two:
        assert signed.get(PAGE).text.count(">全会<") == 1
    for number in range(2, 12):
        _taken(_project(f"p{number}"), item, place.member)
    with query_count() as twelve:
        assert ">2,400<" in signed.get(PAGE).text
    assert len(two) == len(twelve) <= 8


def test_the_file_has_a_row_for_each_project_month_and_kind(client, place, make_item):
    item = make_item(project_id=None, stock=None)
    for project in (place.project, _project("p1")):
        _taken(project, item, place.member)
    signed = factories.sign_in(client, factories.make_staff("leader"))
    with signed.post(f"{PAGE}export.csv") as answer:
        assert answer.text.count(",1,2,200,0,200") == 2
    mine = sa.select(AuditEntry.facts).where(AuditEntry.action == "rewards.exported")
    assert db.session.scalars(mine).one()["rows"] == 2
    assert signed.post(f"{PAGE}export.pdf").status_code == 404
    assert signed.get(f"{PAGE}?q=%25&from=x&to=2026-99").status_code == 200


def test_who_works_for_one_project_does_not_see_the_club(client, place):
    assert factories.sign_in(client, place.clerk).get(PAGE).status_code == 403

"""Figures: what was taken in which month, what came back, what is still owed."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from plugins.rewards import figures, handling
from plugins.rewards.figures import Span
from plugins.rewards.models import Order
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.sdk import business_date
from tests import factories
from tests.plugins.rewards.test_ordering import confirm, reserve

PAGE = "/p/binjiang/staff/rewards/figures"


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


def handed_out(place, item, quantity=1, at=None):
    order = confirm(place, reserve(place, item, quantity))
    handling.hand_out(actor=place.clerk, order=order, at=at or clock.now())
    db.session.commit()
    return order


def this_month(place):
    return Span.read("", "", business_date(place.ref.time_zone))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("", "", ("2025-12", "2026-11")),
        ("2026-01", "2026-03", ("2026-01", "2026-03")),
        ("2026-03", "2026-01", ("2026-01", "2026-03")),
        ("2026-13", "x", ("2025-12", "2026-11")),
        ("2001-01", "2026-11", ("2023-12", "2026-11")),
    ],
)
def test_months_are_read_or_are_the_last_twelve(first, last, told):
    span = Span.read(first, last, date(2026, 11, 23))
    assert (span.first, span.last) == told
    assert span.keys[-1] == span.last


def test_points_count_when_handed_out_and_again_when_taken_back(place, make_item):
    kept, back = make_item(at_once=2), make_item(title="折叠伞")
    handed_out(place, kept, 2)
    confirm(place, reserve(place, back))
    order = handed_out(place, make_item(title="杯子"))
    handling.take_back(actor=place.clerk, order=order, reason="破损", at=clock.now())
    db.session.commit()
    span = this_month(place)
    whole = figures.whole(figures.taken(place.ref, span))
    assert (whole.orders, whole.pieces, whole.captured, whole.returned) == (2, 3, 300_000, 100_000)
    told = db.session.execute(
        sa.select(sa.func.sum(Order.captured), sa.func.sum(Order.refunded))
    ).one()
    assert tuple(told) == (whole.captured, whole.returned)
    sellers, _ = figures.on_the_shelf(place.ref, span)
    assert [(each.pieces, each.taken) for each in sellers] == [(2, 200_000)]
    owed = figures.owed(place.ref, clock.now())
    assert (owed.orders, owed.held, owed.vouchers) == (1, 100_000, 0)


def test_a_month_begins_at_midnight_of_the_project(place, make_item):
    item = make_item()
    # Half past midnight on the first of July in China is still June in UTC.
    handed_out(place, item, at=datetime(2026, 6, 30, 16, 30, tzinfo=UTC))
    handed_out(place, item, at=datetime(2026, 6, 30, 15, 30, tzinfo=UTC))
    span = Span("2026-06", "2026-07")
    months = figures.by_month(figures.taken(place.ref, span), span)
    assert [(each.month, each.captured) for each in months] == [
        ("2026-06", 100_000), ("2026-07", 100_000),
    ]  # fmt: skip
    assert figures.taken(place.ref, Span("2026-08", "2026-08")) == []


def test_what_runs_low_is_named_the_fewest_first(place, make_item):
    make_item(title="足够", stock=9)
    make_item(title="草稿", stock=1, state="draft")
    make_item(title="没有上限", stock=None)
    few = make_item(stock=5)
    none = make_item(stock=0, project_id=None)
    _, low = figures.on_the_shelf(place.ref, this_month(place))
    assert [(each.public_id, each.free) for each in low] == [
        (none.public_id, 0),
        (few.public_id, 5),
    ]


def test_the_page_and_its_file(clerk, place, make_item, query_count):
    assert "这几个月" in clerk.get(PAGE).text
    handed_out(place, make_item(at_once=2), 2)
    with query_count() as counted:
        page = clerk.get(PAGE)
    assert page.status_code == 200
    assert "明前龙井" in page.text
    assert len(counted) <= 8
    for each in range(4):
        handed_out(place, make_item(title=f"好礼{each}", stock=3))
    with query_count() as more:
        clerk.get(f"{PAGE}?from=x&to=2026-99")
    assert len(more) == len(counted)
    answer = clerk.post(f"{PAGE}.csv", buffered=True)
    assert ",200," in answer.data.decode("utf-8-sig") or ",600," in answer.data.decode("utf-8-sig")
    assert clerk.post(f"{PAGE}.exe").status_code == 404
    assert "rewards.exported" in set(db.session.scalars(sa.select(AuditEntry.action)))


def test_owners_do_not_see_the_figures(client, place):
    assert factories.sign_in(client, place.member).get(PAGE).status_code in {403, 404}

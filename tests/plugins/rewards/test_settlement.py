"""Settlement: everything in one statement, two persons, and a tie to the points ledger."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.rewards import handling, ordering
from plugins.rewards.errors import RewardError
from plugins.rewards.models import (
    FeeCredit,
    Item,
    ItemPartner,
    Order,
    Partner,
    Rate,
    Statement,
    StatementLine,
    Step,
    VoucherUse,
)
from plugins.rewards.settlement import acting, drawing, queries
from plugins.rewards.settlement.states import Party, Stage
from plugins.rewards.states import Kind, Way
from plugins.rewards.vouchers.service import set_terms
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.sdk.testing.statements import counted
from tests import factories
from tests.plugins.rewards.conftest import Place, give_points

JULY, AUGUST = (
    datetime.fromisoformat("2026-07-10T04:00Z"),
    datetime.fromisoformat("2026-08-05T04:00Z"),
)
LATER = datetime.fromisoformat("2026-11-20T04:00Z")


@pytest.fixture
def head(place: Place) -> Account:
    return factories.make_staff("manager", place.project)


@pytest.fixture
def partner(place: Place) -> Partner:
    return factories.add(
        Partner(
            project_id=place.project.id, category="dining", name={"zh_Hans_CN": "江畔影城"},
            words="江畔影城", shown_at=JULY,
        )
    )  # fmt: skip


@pytest.fixture
def hand_out(place: Place) -> Callable[..., Order]:
    """Let the owner redeem an item, and hand it out, at a moment."""

    def act(item: Item, at: datetime, quantity: int = 1) -> Order:
        order = ordering.reserve(
            item_id=item.id, member=place.owner, project=place.ref, quantity=quantity,
            price_seen=item.price, at=at,
        )  # fmt: skip
        ordering.place(order=order, member=place.owner, project=place.ref, note="", days=7, at=at)
        if order.way == Way.COLLECT:
            handling.hand_out(actor=place.clerk, order=order, at=at)
        db.session.commit()
        return order

    return act


def given_to(partner: Partner, item: Item, rate: int | None = None) -> Item:
    factories.add(
        ItemPartner(item_id=item.id, partner_id=partner.id, project_id=partner.project_id)
    )
    if rate is not None:
        factories.add(
            Rate(item_id=item.id, month="2026-06", project_id=partner.project_id, fen=rate)
        )
    return item


def draw(place: Place, month: str, at: datetime = LATER) -> dict[str, Statement]:
    made = drawing.draw_up(actor=place.clerk, project=place.ref, month=month, at=at)
    db.session.commit()
    return {each.party: each for each in made}


def test_each_thing_is_in_the_statement_of_whom_it_is(
    place: Place, make_item: Any, partner: Partner, hand_out: Any
) -> None:
    own = make_item(price=30_000)
    theirs = given_to(partner, make_item(price=50_000, kind=Kind.OFFER, at_once=2), rate=3500)
    fee = make_item(price=20_000, kind=Kind.GIFT)
    hand_out(own, JULY)
    hand_out(theirs, JULY, quantity=2)
    credit = hand_out(fee, JULY)
    factories.add(
        FeeCredit(
            order_id=credit.id, project_id=place.project.id, month="2026-07", worth=2000,
            building="2", number="1502",
        )
    )  # fmt: skip
    hand_out(own, AUGUST)
    made = draw(place, "2026-07")
    told = {
        party: (each.points, each.amount, each.rows, each.unrated) for party, each in made.items()
    }
    assert told == {
        Party.CLUB: (30_000, 0, 1, 0),
        Party.PARTNER: (100_000, 7000, 1, 0),
        Party.PROPERTY: (20_000, 2000, 1, 0),
    }
    assert all(each.ledger == each.points for each in made.values())
    tie = queries.tie(place.ref)
    assert (tie.settled, tie.waiting, tie.apart) == (150_000, 30_000, 0)


def test_what_comes_back_is_taken_off_in_its_own_month_as_it_was(
    place: Place, make_item: Any, partner: Partner, hand_out: Any
) -> None:
    item = given_to(partner, make_item(price=50_000, kind=Kind.OFFER), rate=3500)
    order = hand_out(item, JULY)
    draw(place, "2026-07")
    acting.set_rate(actor=place.clerk, project=place.ref, item=item, month="2026-07", fen=9900)
    handling.take_back(actor=place.clerk, order=order, reason="坏了", at=AUGUST)
    db.session.commit()
    back = draw(place, "2026-08")[Party.PARTNER]
    assert (back.points, back.amount, back.ledger) == (-50_000, -3500, -50_000)
    assert queries.tie(place.ref).apart == 0
    assert db.session.scalar(sa.select(sa.func.sum(Statement.points))) == 0


def test_vouchers_are_paid_for_when_they_are_used(
    place: Place, make_item: Any, partner: Partner, hand_out: Any, monkeypatch: Any
) -> None:
    item = given_to(
        partner, make_item(price=90_000, kind=Kind.VOUCHER, way=Way.DELIVER, stock=None)
    )
    set_terms(actor=place.clerk, project=place.ref, item=item, worth=10_000, days=365)
    hand_out(item, JULY)
    voucher = db.session.scalars(sa.select(drawing.Voucher)).one()
    factories.add(
        VoucherUse(
            voucher_id=voucher.id, project_id=place.project.id, amount=2500, left_over=7500,
            created_at=AUGUST,
        )
    )  # fmt: skip
    july, august = draw(place, "2026-07")[Party.PARTNER], draw(place, "2026-08")[Party.PARTNER]
    assert (july.points, july.amount, july.unrated) == (90_000, 0, 0)
    assert (august.points, august.amount, august.ledger) == (0, 2500, 0)


def test_nothing_is_settled_twice_and_no_month_too_early(
    place: Place, make_item: Any, hand_out: Any
) -> None:
    hand_out(make_item(), JULY)
    for month in ("2026-11", "2026-13", "", "July"):
        with pytest.raises(RewardError, match="BAD_SETTLEMENT_MONTH"):
            draw(place, month)
    with pytest.raises(RewardError, match="BAD_SETTLEMENT_MONTH"):
        draw(place, "2026-07", datetime.fromisoformat("2026-07-31T15:59Z"))
    draw(place, "2026-07", datetime.fromisoformat("2026-07-31T16:00Z"))
    with pytest.raises(RewardError, match="NOTHING_TO_SETTLE"):
        draw(place, "2026-08")


def test_two_persons_and_a_tie_or_no_approval(
    place: Place, make_item: Any, hand_out: Any, head: Account
) -> None:
    order = hand_out(make_item(), JULY)
    made = draw(place, "2026-07")[Party.CLUB]
    with pytest.raises(RewardError, match="SAME_PERSON"):
        acting.approve(actor=place.clerk, statement=made)
    # A posting that the ledger has otherwise: as if the order knew another one.
    true_posting, order.capture_id = order.capture_id, order.hold_id
    db.session.commit()
    with pytest.raises(RewardError, match="NOT_TIED"):
        acting.approve(actor=head, statement=made)
    db.session.rollback()
    assert [each.id for each in queries.orders_apart(place.ref)] == [order.id]
    order.capture_id = true_posting
    db.session.commit()
    acting.approve(actor=head, statement=made)
    db.session.commit()
    acting.send_back(actor=head, statement=made)
    acting.approve(actor=head, statement=made)
    with pytest.raises(RewardError, match="ILLEGAL_STEP"):
        drawing.drop(actor=place.clerk, statement=made)
    with pytest.raises(RewardError, match="PAID_LATER"):
        acting.pay(
            actor=head, project=place.ref, statement=made, on=LATER.date() + timedelta(days=1),
            proof="x", at=LATER,
        )  # fmt: skip
    acting.pay(
        actor=head, project=place.ref, statement=made, on=LATER.date(), proof="转账 0042", at=LATER
    )
    db.session.commit()
    assert (made.state, made.approved_by, made.proof) == (Stage.PAID, head.id, "转账 0042")


def test_the_ledger_without_an_order_is_seen(place: Place, make_item: Any, hand_out: Any) -> None:
    order = hand_out(make_item(), JULY)
    assert queries.tie(place.ref).apart == 0
    db.session.execute(
        sa.update(Order)
        .where(Order.id == order.id)
        .values(price=order.price * 2, captured=order.captured * 2)
    )
    db.session.commit()
    assert queries.tie(place.ref).apart == -100_000
    assert [each.id for each in queries.orders_apart(place.ref)] == [order.id]


def test_a_draft_is_thrown_away_and_drawn_up_anew_with_the_rate(
    place: Place, make_item: Any, partner: Partner, hand_out: Any
) -> None:
    item = given_to(partner, make_item(kind=Kind.OFFER))
    hand_out(item, JULY)
    first = draw(place, "2026-07")[Party.PARTNER]
    assert (first.amount, first.unrated) == (0, 1)
    drawing.drop(actor=place.clerk, statement=first)
    acting.set_rate(actor=place.clerk, project=place.ref, item=item, month="2026-07", fen=1250)
    db.session.commit()
    again = draw(place, "2026-07")[Party.PARTNER]
    assert (again.amount, again.unrated, again.rows) == (1250, 0, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE rewards_statement_line SET points = 1",
        "DELETE FROM rewards_statement_line",
        "UPDATE rewards_statement SET amount = 1",
        "UPDATE rewards_statement SET state = 'draft', approved_by = NULL, paid_on = NULL",
        "DELETE FROM rewards_statement",
    ],
)
def test_the_database_keeps_a_paid_statement(
    place: Place, make_item: Any, hand_out: Any, head: Account, sql: str
) -> None:
    hand_out(make_item(), JULY)
    made = draw(place, "2026-07")[Party.CLUB]
    acting.approve(actor=head, statement=made)
    acting.pay(actor=head, project=place.ref, statement=made, on=LATER.date(), proof="1", at=LATER)
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="fixed"):
        db.session.execute(sa.text(sql))
    db.session.rollback()


def test_nobody_approves_without_a_tie_or_alone_behind_the_programs_back(
    place: Place, make_item: Any, hand_out: Any
) -> None:
    hand_out(make_item(), JULY)
    made = draw(place, "2026-07")[Party.CLUB]
    for values in (
        {"state": "approved", "approved_by": made.made_by},
        {"state": "approved", "approved_by": made.made_by + 1, "ledger": 5},
        {"state": "approved"},
    ):
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(sa.update(Statement).values(**values))
        db.session.rollback()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([None, 0, 1, 2])),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_everything_is_in_one_statement_whatever_happened_when(
    place: Place, make_item: Any, partner: Partner, hand_out: Any,
    happened: list[tuple[int, int, int | None]],
) -> None:  # fmt: skip
    before = db.session.scalar(sa.select(sa.func.count(Order.id))) or 0
    give_points(place.member, 1000 + before)
    items = [
        make_item(price=10_000),
        given_to(partner, make_item(price=25_000, kind=Kind.OFFER), rate=900),
        make_item(price=0),
    ]
    for which, month, back in happened:
        at = JULY + timedelta(days=30 * month)
        order = hand_out(items[which], at)
        if back is not None:
            handling.take_back(
                actor=place.clerk, order=order, reason="x", at=at + timedelta(days=2 * back)
            )
            db.session.commit()
    for month in ("2026-07", "2026-09", "2026-08", "2026-10"):
        with contextlib.suppress(RewardError):
            draw(place, month)
    steps = db.session.scalar(
        sa.select(sa.func.count(Step.id)).where(Step.state.in_(("collected", "returned")))
    )
    assert db.session.scalar(sa.select(sa.func.count(StatementLine.id))) == steps
    tie = queries.tie(place.ref)
    assert (tie.waiting, tie.apart) == (0, 0)
    assert all(each.points == each.ledger for each in db.session.scalars(sa.select(Statement)))


def test_the_pages(
    place: Place, make_item: Any, partner: Partner, hand_out: Any, head: Account,
    client: FlaskClient,
) -> None:  # fmt: skip
    item = given_to(partner, make_item(kind=Kind.OFFER))
    hand_out(item, clock.now() - timedelta(days=40))
    base = f"/p/{place.project.slug}/staff/rewards"
    factories.sign_in(client, place.clerk)
    rate = client.post(f"{base}/{item.public_id}/rate", data={"month": "2026-01", "yuan": "x"})
    assert rate.status_code == 422
    assert 'value="x"' in rate.text
    client.post(f"{base}/{item.public_id}/rate", data={"month": "2026-01", "yuan": "12.50"})
    assert "12.50" in client.get(f"{base}/rates").text
    page = client.get(f"{base}/settlement")
    month = queries.open_months(place.ref, clock.now())[0]
    assert f'<option value="{month}">' in page.text
    assert client.post(f"{base}/settlement", data={"month": "2030-01"}).status_code == 422
    drawn = client.post(f"{base}/settlement", data={"month": month}, follow_redirects=True)
    assert "江畔影城" in drawn.text
    made = db.session.scalars(sa.select(Statement)).one()
    shown = client.get(f"{base}/settlement/{made.public_id}")
    assert "12.50" in shown.text
    assert client.post(f"{base}/settlement/{made.public_id}/approve").status_code == 403
    factories.sign_in(client, head)
    client.post(f"{base}/settlement/{made.public_id}/approve")
    unpaid = client.post(f"{base}/settlement/{made.public_id}/pay", data={"proof": "0042"})
    assert unpaid.status_code == 422
    assert 'value="0042"' in unpaid.text
    on = clock.business_date(place.project.time_zone)
    client.post(
        f"{base}/settlement/{made.public_id}/pay",
        data={"paid_on": on.isoformat(), "proof": "0042"},
    )
    assert "0042" in client.get(f"{base}/settlement/{made.public_id}").text
    late = client.post(f"{base}/settlement/{made.public_id}/drop")
    assert late.status_code == 409
    for address in ("settlement.csv", f"settlement/{made.public_id}/lines.xlsx"):
        sent = client.post(f"{base}/{address}", buffered=True)
        assert sent.status_code == 200
        assert len(sent.data) > 50


def test_the_pages_cost_the_same_however_much_there_is(
    place: Place, make_item: Any, partner: Partner, hand_out: Any, client: FlaskClient
) -> None:
    factories.sign_in(client, place.clerk)
    items = [given_to(partner, make_item(price=0, kind=Kind.OFFER), rate=1) for _ in range(4)]
    client.get(f"/p/{place.project.slug}/staff/rewards/settlement")
    costs = []
    for items_now in (items[:1], items):
        for item in items_now:
            hand_out(item, clock.now() - timedelta(days=40))
        made = draw(place, queries.open_months(place.ref, clock.now())[0], clock.now())
        public_id = made[Party.PARTNER].public_id
        base = f"/p/{place.project.slug}/staff/rewards"
        for path in ("settlement", f"settlement/{public_id}", "rates"):
            with counted() as sent:
                assert client.get(f"{base}/{path}").status_code == 200
            costs.append(len(sent))
    assert costs[:3] == costs[3:]
    assert max(costs) <= 9, costs

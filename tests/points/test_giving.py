"""The page on which points are given within the household."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.columns import new_public_id
from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import giving
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.models import Currency, Transaction
from portal.points.transfers import transfer
from tests.factories import add, make_member, sign_in
from tests.points.helpers import WHY, damage, earn, figures, hold, noon
from tests.points.test_pages import TODAY, page

GIVE = "/me/points/give"


@pytest.fixture
def couple(client: FlaskClient) -> tuple[Member, Member]:
    """Two people of one household; the first is signed in and has 10,000 points."""
    household = add(Household())
    giver = make_member(household=household, name="林晓芸")
    receiver = make_member(household=household, name="沈明远")
    earn(giver, 10_000_000)
    sign_in(client, giver)
    return giver, receiver


def send(client: FlaskClient, **values: str) -> Any:
    """Send the form; `confirmed` unless told otherwise."""
    values.setdefault("confirmed", "yes")
    values.setdefault("idempotency_key", new_public_id())
    return client.post(GIVE, data=values, headers={"Accept-Language": "en"})


def given() -> int:
    """Return how often points were given."""
    count = sa.select(sa.func.count()).where(Transaction.kind == Kind.GIVE)
    return int(db.session.scalar(count) or 0)


def test_who_is_alone_is_told_how_to_invite(client: FlaskClient) -> None:
    sign_in(client, make_member())
    assert "Nobody else of your household has an account" in page(client, GIVE)


def test_the_page_shows_the_limits(client: FlaskClient, couple: tuple[Member, Member]) -> None:
    giver, receiver = couple
    hold(giver, 1_000_000)
    send(client, receiver=receiver.public_id, points="2,000")
    text = page(client, GIVE)
    assert "Available points 7,000 Limit for a month 10,000 Given this month 2,000" in text
    assert "You can give now 7,000" in text


def test_points_are_shown_again_before_they_are_given(
    client: FlaskClient, couple: tuple[Member, Member]
) -> None:
    giver, receiver = couple
    answer = send(client, receiver=receiver.public_id, points="1.5", confirmed="")
    assert answer.status_code == 200
    assert "Give 1.5 points to 沈明远?" in answer.text
    assert "9,998.5" in answer.text
    assert figures(giver)[0] == 10_000_000
    answer = send(client, receiver=receiver.public_id, points="1.5", change="yes")
    assert 'value="1.5"' in answer.text
    assert given() == 0


def test_points_are_given_and_both_see_why(
    client: FlaskClient, couple: tuple[Member, Member]
) -> None:
    giver, receiver = couple
    answer = send(client, receiver=receiver.public_id, points="1.5")
    assert answer.status_code == 303
    assert "Given: 1.5 points to 沈明远." in page(client, answer.location)
    assert (figures(giver)[0], figures(receiver)[0]) == (9_998_500, 1_500)
    assert damage() == []


def test_a_form_sent_twice_gives_once(client: FlaskClient, couple: tuple[Member, Member]) -> None:
    giver, receiver = couple
    values = {"receiver": receiver.public_id, "points": "100", "idempotency_key": "k" * 22}
    first, second = send(client, **values), send(client, **values)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert figures(giver)[0] == 9_900_000
    assert given() == 1


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("6,000", "There are not that many points available."),
        ("0", "Enter points above 0"),
        ("-5", "Enter points above 0"),
        ("0.0001", "Enter points above 0"),
        ("1e99", "Enter points above 0"),
        ("x" * 5000, "Enter points above 0"),
        ("", "Enter points above 0"),
    ],
)
@pytest.mark.parametrize("confirmed", ["", "yes"])
def test_errors_keep_what_was_typed(
    client: FlaskClient, couple: tuple[Member, Member], points: str, sentence: str, confirmed: str
) -> None:
    hold(couple[0], 5_000_000)
    answer = send(client, receiver=couple[1].public_id, points=points, confirmed=confirmed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{points}"' in answer.text
    assert " checked " in answer.text
    assert given() == 0


def test_the_month_has_a_limit(client: FlaskClient, couple: tuple[Member, Member]) -> None:
    giver, receiver = couple
    earn(giver, 10_000_000)
    assert send(client, receiver=receiver.public_id, points="9,999").status_code == 303
    for confirmed in ("", "yes"):
        answer = send(client, receiver=receiver.public_id, points="2", confirmed=confirmed)
        assert answer.status_code == 422
        assert "more than may be given away in a month" in answer.text


def test_the_limit_counts_ones_own_gifts_of_this_month(couple: tuple[Member, Member]) -> None:
    giver, receiver = couple
    last_month = TODAY.replace(day=1) - timedelta(days=1)
    earn(receiver, 9_000_000)
    earn(giver, 9_000_000, at=noon(last_month))
    for one, other, amount, at in (
        (giver, receiver, 1_000_000, noon(last_month)),
        (giver, receiver, 3_000_000, None),
        (receiver, giver, 5_000_000, None),
    ):
        transfer(
            actor=None, giver_id=one.id, receiver_id=other.id, amount=amount, key=new_public_id(),
            why=WHY, at=at,
        )  # fmt: skip
    qualifying = sa.update(Currency).where(Currency.key != REDEEMABLE)
    db.session.execute(qualifying.values(transfer_limit=1_000))
    found = giving.allowance(giver)
    assert (found.given, found.limit) == (3_000_000, giving.DEFAULT_LIMIT)
    assert giving.allowance(receiver).given == 5_000_000


def test_a_program_cannot_give_to_others_either(couple: tuple[Member, Member]) -> None:
    giver, _receiver = couple
    account = db.session.get_one(Account, giver.account_id)
    keys = {make_member().public_id: "other_household", giver.public_id: "same_member"}
    for receiver_key, code in keys.items():
        with pytest.raises(PointsError, match=code):
            giving.give(
                actor=account, member=giver, receiver_key=receiver_key, amount=1_000, key="once"
            )
    assert given() == 0


def test_held_points_stay_and_given_ones_keep_their_last_day(
    client: FlaskClient, couple: tuple[Member, Member]
) -> None:
    giver, receiver = couple
    soon = TODAY + timedelta(days=9)
    earn(giver, 3_000, expires_on=soon)
    send(client, receiver=receiver.public_id, points="3")
    sign_in(client, receiver)
    text = page(client)
    assert "3 points expire within 60 days" in text


@pytest.mark.parametrize(
    "receiver",
    [
        lambda giver: make_member().public_id,
        lambda giver: giver.public_id,
        lambda giver: "nobody",
        lambda giver: "",
    ],
)
def test_nobody_else_can_receive(
    client: FlaskClient, couple: tuple[Member, Member], receiver: Callable[[Member], str]
) -> None:
    answer = send(client, receiver=receiver(couple[0]), points="1")
    assert answer.status_code == 422
    assert given() == 0


def test_the_club_can_forbid_it(client: FlaskClient, couple: tuple[Member, Member]) -> None:
    db.session.execute(sa.update(Currency).values(transfer_limit=0))
    db.session.commit()
    assert send(client, receiver=couple[1].public_id, points="1").status_code == 422

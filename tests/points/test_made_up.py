"""Why the balance is what it is: lots, uses and sums that tie; one line with all that it did."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import made_up, queries, service
from portal.points.kinds import NEVER
from portal.points.terms import Terms, Why
from tests.factories import add, make_member, sign_in
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend
from tests.points.test_pages import TODAY, page


def account(member: Member) -> int:
    """Return a member's account of redeemable points."""
    found = queries.account_of(holder(member), "redeemable")
    assert found is not None
    return found


def busy(member: Member) -> Any:
    """Give a member a ledger with everything in it; return the last spending."""
    long_ago = noon(TODAY - timedelta(days=90))
    earn(member, 4_001, expires_on=TODAY - timedelta(days=5), at=long_ago)
    first = earn(member, 10_000, at=long_ago, why=Why("survey.answered", rule="3.2"))
    earn(member, 2_500, expires_on=TODAY + timedelta(days=20))
    spent = spend(member, 3_000)
    held = hold(member, 1_500)
    service.capture(actor=None, hold_id=held.id, why=WHY, amount=1_000)
    reverse(spent, amount=700)
    reverse(first, amount=4_000)
    hold(member, 250)
    service.post(
        actor=None, holder=holder(member), amount=800, key=key(), why=WHY,
        terms=Terms(waits=True, expires_on=NEVER),
    )  # fmt: skip
    db.session.commit()
    return spent


def test_sums_lots_and_balance_are_the_same_to_the_thousandth(app: Any) -> None:
    member = make_member()
    busy(member)
    sums = made_up.sums_of(account(member))
    figures = queries.balance(holder(member))
    assert sums.ties
    assert (sums.available, sums.pending, sums.held, sums.owed) == (
        figures.available, figures.pending, figures.held, figures.owed,
    )  # fmt: skip
    with app.test_request_context():
        lots = made_up.lots_of(account(member), everything=True).items
    left = sum(each.lot.remaining for each in lots)
    assert left == sums.available + sums.pending + sums.held + sums.dead
    for each in lots:
        for opened in made_up.lots_of_line(each.opened.id)[1]:
            assert opened.ties


def test_what_is_owed_ties_too(app: Any) -> None:
    member = make_member()
    earned = earn(member, 5_000)
    spend(member, 3_000)
    reverse(earned)
    sums = made_up.sums_of(account(member))
    assert (sums.available, sums.owed, sums.ties) == (0, 3_000, True)


def test_what_has_died_and_is_not_booked_is_named(app: Any) -> None:
    member, day = make_member(), TODAY - timedelta(days=9)
    earn(member, 5_000, expires_on=day, at=noon(day))
    sums = made_up.sums_of(account(member))
    assert (sums.available, sums.dead, sums.ties) == (0, 5_000, True)


def test_the_page_shows_both_sums_and_every_lot(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    busy(member)
    text = page(client, "/me/points/lots")
    assert "Both sums are the same, to the thousandth of a point." in text
    assert "Survey answered" in text
    assert "Expired points" in text
    assert page(client, "/me/points/lots?show=all").count(" left ") == 4


def test_without_points_there_is_a_line_and_a_button(client: FlaskClient) -> None:
    sign_in(client, make_member())
    assert "No lot here yet" in page(client, "/me/points/lots")
    assert "No lot here yet" in page(client, "/me/points/lots?currency=bonus")


def test_a_line_names_the_lots_that_it_used_and_what_became_of_its_own(
    client: FlaskClient,
) -> None:
    member = make_member()
    sign_in(client, member)
    soon = TODAY + timedelta(days=20)
    first = earn(member, 2_000, expires_on=soon, why=Why("survey.answered", "s-17", rule="3.2",
                 rule_version=4))  # fmt: skip
    earn(member, 9_000, why=Why("birthday"))
    spent = spend(member, 5_000)
    text = page(client, f"/me/points/lines/{spent.public_id}")
    assert "From which points Survey answered Earned" in text
    assert " 2 Available → Gone" in text
    assert "Birthday present Earned" in text
    assert " 3 Available → Gone" in text
    text = page(client, f"/me/points/lines/{first.public_id}")
    assert "3.2, version 4" in text
    assert "s-17" in text
    assert "Opened with 2 Points used" in text
    assert "−2 Left today 0" in text


def test_a_transfer_names_the_other_person(client: FlaskClient) -> None:
    household = add(Household())
    giver = make_member(household=household, name="林晓芸")
    receiver = make_member(household=household, name="沈明远")
    earn(giver, 5_000)
    posting = service.transfer(
        actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=1_500, key=key(),
        why=Why("transfer", facts={"from": giver.public_id, "to": receiver.public_id}),
    )  # fmt: skip
    db.session.commit()
    sign_in(client, giver)
    assert "Given to 沈明远" in page(client, f"/me/points/lines/{posting.public_id}")
    sign_in(client, receiver)
    assert "Received from 林晓芸" in page(client)


@pytest.mark.parametrize("address", ["/me/points/lines/{}", "/me/points/lines/nothing"])
def test_lines_of_others_are_not_there(client: FlaskClient, address: str) -> None:
    posting = earn(make_member(), 1_000)
    sign_in(client, make_member())
    assert client.get(address.format(posting.public_id)).status_code == 404


def test_the_pages_send_as_many_statements_for_few_lots_as_for_many(
    client: FlaskClient, query_count: Any
) -> None:
    member = make_member()
    sign_in(client, member)
    earned = earn(member, 1_000)
    for _ in range(30):
        earn(member, 1_000)
    spent = spend(member, 25_500)
    lines = (f"/me/points/lines/{line.public_id}" for line in (earned, spent))
    for address in ("/me/points/lots", *lines):
        client.get(address)
        with query_count() as sent:
            assert client.get(address).status_code == 200
        assert len(sent) <= 8, "\n".join(sent.texts)

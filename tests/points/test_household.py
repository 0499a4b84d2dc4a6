"""Points that a household has together: its members see them, with every reason, and are warned."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import service
from portal.points.terms import Holder, Posting, Terms, Why
from tests.factories import add, make_member, sign_in
from tests.points.helpers import earn, key, noon
from tests.points.test_notices import DAY, inbox, remind
from tests.points.test_pages import TODAY, page

POOL = "/me/points?of=household"
SOON = TODAY + timedelta(days=20)


def together(member: Member, amount: int, **values: Any) -> Posting:
    """Give points to a member's household, and commit."""
    posting = service.post(
        actor=None,
        holder=Holder.household(member.household_id),
        amount=amount,
        key=key(),
        why=Why("survey.answered"),
        terms=Terms(expires_on=values.pop("expires_on", SOON)),
        **values,
    )
    db.session.commit()
    return posting


@pytest.fixture
def two(app: Any) -> tuple[Member, Member]:
    """Two members of one household."""
    household = add(Household())
    first, second = (make_member(household=household) for _ in range(2))
    return first, second


def test_both_see_what_they_have_together(client: FlaskClient, two: Any) -> None:
    given = together(two[0], 2_500)
    # One of them has points of their own besides.
    earn(two[0], 1_000)
    for member in two:
        sign_in(client, member)
        assert "Points of the household" in page(client, "/me/points")
        text = page(client, POOL)
        assert "Available points 2.5" in text
        assert "2.5 points expire within 60 days" in text
        assert "Survey answered" in text
        assert "Give points" not in text
    assert "Both sums are the same" in page(client, "/me/points/lots?of=household")
    line = f"/me/points/lines/{given.public_id}"
    assert "Survey answered" in page(client, f"{line}?of=household")
    assert client.get(line).status_code == 404
    month = page(client, f"/me/points/{TODAY:%Y-%m}?of=household")
    assert "Points of the household" in month
    assert "Came in +2.5" in month
    with client.get("/me/points/export.csv?of=household") as export:
        assert given.public_id in export.text


def test_the_pages_of_a_household_lead_to_one_another(client: FlaskClient, two: Any) -> None:
    together(two[0], 2_500)
    sign_in(client, two[0])
    text = client.get(POOL).text
    for address in ("/me/points/lots?", "/me/points/lines/", f"/me/points/{TODAY:%Y-%m}?"):
        (link, *_rest) = text.split(f'href="{address}')[1:]
        assert "of=household" in link.partition('"')[0]
    assert 'href="/me/points"' in text


def test_another_household_sees_nothing_of_it(client: FlaskClient, two: Any) -> None:
    given = together(two[0], 2_500)
    sign_in(client, make_member())
    assert "Points of the household" not in page(client, "/me/points")
    assert "No line here yet" in page(client, POOL)
    address = f"/me/points/lines/{given.public_id}?of=household"
    assert client.get(address).status_code == 404
    assert client.get(f"/me/points/{TODAY:%Y-%m}?of=household").status_code == 404


def test_both_are_warned_of_what_runs_out(two: Any) -> None:
    at = noon(DAY - timedelta(days=90))
    together(two[0], 2_500, expires_on=DAY, at=at)
    earn(two[0], 1_000, expires_on=DAY, at=at)
    assert remind(DAY - timedelta(days=20)) == 3
    assert remind(DAY - timedelta(days=20)) == 0
    (told,) = inbox(two[1])
    assert told.url == "/me/points/lots?of=household"
    assert told.subject["en"].startswith("2.5 points of the household are good until ")
    assert {each.kind for each in inbox(two[0])} == {
        "points.expiring", "points.household_expiring",
    }  # fmt: skip

"""The owner's page of points: five figures, and every line with its reason."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.extensions import db
from portal.points import service
from portal.points.amounts import format_change, format_points, read_points
from portal.points.kinds import NEVER
from portal.points.terms import Terms, Why
from tests.factories import make_follower, make_member, make_project, sign_in
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend

TODAY = clock.business_date("Asia/Shanghai")
PAGE_STATEMENTS = 8


def page(client: FlaskClient, address: str = "/me/points") -> str:
    """Return a page's text with single spaces, in English."""
    answer = client.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_who_never_had_points_is_told_where_they_come_from(client: FlaskClient) -> None:
    sign_in(client, make_member())
    assert "No line here yet" in page(client)
    assert "No line here yet" in page(client, "/me/points?currency=qualifying")


def test_only_members_have_points(client: FlaskClient) -> None:
    assert client.get("/me/points").status_code == 302
    assert client.get("/me/points/export.csv").status_code == 302


def test_the_five_figures_are_shown(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 12_680_500, expires_on=TODAY + timedelta(days=400))
    earn(member, 320_000, expires_on=TODAY + timedelta(days=30))
    earn(member, 8_000_000, terms=Terms(waits=True))
    hold(member, 150_000)
    owing = earn(member, 1_000, currency="bonus")
    spend(member, 400, currency="bonus")
    reverse(owing)
    text = page(client)
    assert "Available points 12,850.5 " in text
    assert "Pending 8,000 Held 150 Expiring 170 Owed 0" in text
    assert "170 points expire within 60 days" in text


def test_every_line_ties_to_the_balance_before_and_after(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 100_000, why=Why("survey.answered", rule="3.2", rule_version=4))
    spent = spend(member, 30_000)
    reverse(spent, amount=10_000)
    text = page(client)
    assert "Survey answered" in text
    assert "Rule 3.2, version 4, of" in text
    assert "+100 left 100" in text
    assert "−30 left 70" in text
    assert "+10 left 80" in text
    assert "10 taken back later." in text
    assert "Takes back “Points used” of" in text


def test_older_pages_go_on_where_the_newer_ended(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    for number in range(25):
        earn(member, 1_000 * (number + 1))
    first = client.get("/me/points").text
    assert first.count('class="entry"') == 20
    following = re.search(r"/me/points\?cursor=[^\"]+", first)
    assert following
    text = page(client, following[0])
    assert "+5 left 15" in text
    assert "+1 left 1" in text


def test_points_that_died_meanwhile_are_not_in_the_balance(client: FlaskClient) -> None:
    member, day = make_member(), TODAY - timedelta(days=9)
    sign_in(client, member)
    earn(member, 5_000, expires_on=day, at=noon(day))
    earn(member, 2_000)
    text = page(client)
    assert "Available points 2 " in text
    assert "5 points have expired" in text


@pytest.mark.parametrize(
    ("show", "shown", "hidden"),
    [
        ("earned", "Points earned", "Points used"),
        ("used", "Points used", "Points earned"),
        ("held", "Set aside", "Points earned"),
    ],
)
def test_lines_are_filtered(client: FlaskClient, show: str, shown: str, hidden: str) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 100_000)
    spend(member, 1_000)
    hold(member, 1_000)
    text = page(client, f"/me/points?show={show}")
    assert shown in text
    assert hidden not in text


def test_each_currency_has_figures_and_lines_of_its_own(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 100_000)
    earn(member, 7_000, currency="qualifying")
    assert "Qualifying points" in page(client)
    text = page(client, "/me/points?currency=qualifying")
    assert "Available points 7 " in text
    assert "+7" in text
    assert "+100" not in text


def test_a_month_is_chosen(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 3_000, at=noon(TODAY - timedelta(days=70)))
    earn(member, 5_000)
    month = TODAY - timedelta(days=70)
    text = page(client, f"/me/points?month={month:%Y-%m}")
    assert "+3 left 3" in text
    assert "+5" not in text
    assert "No line here yet" in page(client, "/me/points?month=2001-01")


def test_what_is_owed_is_explained(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earned = earn(member, 50_000)
    spend(member, 40_000)
    reverse(earned)
    text = page(client)
    assert "40 points are owed" in text
    assert "40 were used already: points earned later pay them first." in text


def test_the_reason_of_staff_is_shown_and_escaped(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 1_000, by_hand=True, why=Why("manual", note="<script>helped</script>"))
    assert "<script>helped" not in client.get("/me/points").text
    assert "The club&#39;s reason: &lt;script&gt;helped" in (
        client.get("/me/points", headers={"Accept-Language": "en"}).text
    )


@pytest.mark.parametrize(
    "bad",
    ["?show=nonsense", "?show=", "?cursor=", "?month=2026-13", "?month=x", "?currency=%3Cx%3E"],
)
def test_odd_addresses_show_everything(client: FlaskClient, bad: str) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 1_000)
    assert "Points earned" in page(client, f"/me/points{bad}")


def test_a_forged_cursor_is_refused(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 1_000)
    assert client.get("/me/points?cursor=forged").status_code == 400


def test_the_lines_can_be_taken_along(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    earn(member, 1_500)
    spend(member, 500)
    with client.get("/me/points/export.csv", headers={"Accept-Language": "en"}) as answer:
        rows = answer.get_data().decode("utf-8-sig").splitlines()
    assert rows[0] == "Day,What happened,Points,Available after,Reason,Rule,Line"
    assert rows[1].startswith(f"{TODAY},Points used,'-0.5,1,")
    assert len(rows) == 3
    with client.get("/me/points/export.xlsx") as answer:
        assert answer.status_code == 200
    assert client.get("/me/points/export.pdf").status_code == 404


def test_the_page_sends_as_many_statements_for_one_line_as_for_many(
    client: FlaskClient, query_count: Any
) -> None:
    member = make_member()
    sign_in(client, member)
    for number in range(30):
        earn(member, 1_000, at=noon(TODAY - timedelta(days=7 * number)))
    client.get("/me/points")
    with query_count() as sent:
        assert client.get("/me/points").status_code == 200
    assert len(sent) <= PAGE_STATEMENTS, "\n".join(sent.texts)


def test_the_home_shows_the_balance(client: FlaskClient) -> None:
    project = make_project()
    member = make_follower(project)
    sign_in(client, member)
    assert "Available points 0 " in page(client, "/p/binjiang/")
    earn(member, 12_680_000)
    assert "Available points 12,680 " in page(client, "/p/binjiang/")


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12,680", 12_680_000), ("0.5", 500), (" 1 ", 1_000), ("0.0005", None), ("x", None),
     ("", None), ("nan", None), ("1e3", 1_000_000), ("-3", -3_000), ("Infinity", None)],
)  # fmt: skip
def test_points_are_read_as_people_write_them(text: str, amount: int | None) -> None:
    assert read_points(text) == amount


def test_points_are_written_as_people_read_them(app: Any) -> None:
    with app.test_request_context():
        assert format_points(12_680_000) == "12,680"
        assert format_points(500) == "0.5"
        assert format_change(-640_001) == "−640.001"
        assert format_change(60_000) == "+60"


def test_pending_points_say_that_they_wait(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    service.post(
        actor=None, holder=holder(member),
        amount=1_000, key=key(), why=WHY, terms=Terms(waits=True, expires_on=NEVER),
    )  # fmt: skip
    db.session.commit()
    assert "Pending: they become available when the condition is met." in page(client)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Event attended"), ("zh-CN", "参加活动"), ("zh-TW", "參加活動")]
)
def test_a_line_names_its_rule_in_the_readers_language(
    client: FlaskClient, language: str, title: str
) -> None:
    member = make_member()
    titles = {"zh_Hans_CN": "参加活动", "zh_Hant": "參加活動", "en": "Event attended"}
    why = Why("shop.visit", facts={"title": titles}, rule="4.2", rule_version=3)
    line = earn(member, 1_000, why=why)
    bare = earn(member, 1_000, why=Why("shop.visit", facts={"title": "x"}, rule="4.2"))
    sign_in(client, member)
    headers = {"Accept-Language": language}
    assert title in client.get("/me/points", headers=headers).text
    assert title in client.get(f"/me/points/lines/{line.public_id}", headers=headers).text
    with client.get("/me/points/export.csv", headers=headers) as answer:
        assert title in answer.text
    assert client.get(f"/me/points/lines/{bare.public_id}", headers=headers).status_code == 200

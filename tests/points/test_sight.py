"""A member's points are club-wide; the staff of a project see and correct what is theirs."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.members.models import Member
from portal.points.terms import Posting, Why
from portal.projects.models import Project, ProjectInterest
from tests.api.conftest import call
from tests.factories import add, make_follower, make_project, make_staff, sign_in
from tests.points.helpers import damage, earn, figures, reverse, spend
from tests.points.test_staff_pages import EN, text_of

__all__ = ["call"]


def why(source: str, project: Project | None = None) -> Why:
    """Return the reason of something that happened in a project, or in the club."""
    return Why(source, f"{source}-key", project_id=project.id if project else None)


@pytest.fixture
def both(app: Any) -> dict[str, Any]:
    """A member of two projects with points of each and of the club."""
    here, there = make_project(slug="here"), make_project(slug="there")
    member = make_follower(here)
    add(ProjectInterest(member_id=member.id, project_id=there.id))
    return {
        "here": here,
        "there": there,
        "member": member,
        "ours": earn(member, 1_000, why=why("fee.paid", here)),
        "club": earn(member, 2_000, why=why("member.joined")),
        "theirs": earn(member, 4_000, why=why("survey.answered", there)),
        "page": f"/p/here/staff/members/{member.public_id}/points",
    }


def lines(call: Any, both: dict[str, Any], **role: Any) -> list[dict[str, Any]]:
    """Return the lines that somebody is given at the first project."""
    answer = call(make_staff(**role))("GET", f"{both['page']}/lines")
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_staff_see_the_lines_of_their_project_and_of_the_club(call: Any, both: Any) -> None:
    found = lines(call, both, role="staff", project=both["here"])
    assert [line["id"] for line in found] == [both["club"].public_id, both["ours"].public_id]
    assert [line["available_after"] for line in found] == [None, None]
    assert "survey" not in str(found)


def test_whoever_looks_after_the_club_sees_every_line(call: Any, both: Any) -> None:
    found = lines(call, both, role="finance", project=None)
    assert [line["available_after"] for line in found] == [7_000, 3_000, 1_000]


def test_a_balance_stands_beside_the_lines_where_none_is_left_out(call: Any, app: Any) -> None:
    here = make_project(slug="here")
    member = make_follower(here)
    earn(member, 1_000, why=why("fee.paid", here))
    earn(member, 2_000, why=why("member.joined"))
    at = {"page": f"/p/here/staff/members/{member.public_id}/points"}
    found = lines(call, at, role="concierge", project=here)
    assert [line["available_after"] for line in found] == [3_000, 1_000]


def test_what_takes_another_projects_line_back_is_that_projects(call: Any, both: Any) -> None:
    for each in ("theirs", "ours"):
        reverse(both[each], why=why("manual"))
    found = lines(call, both, role="staff", project=both["here"])
    assert [line["takes_back"] for line in found] == [both["ours"].public_id, None, None]


def test_the_page_shows_what_the_reader_may_see(client: FlaskClient, both: Any) -> None:
    sign_in(client, make_staff("staff", both["here"]))
    text = text_of(client, both["page"])
    assert "Management fee paid" in text
    assert "Welcome to the club" in text
    assert "Survey answered" not in text
    assert "of this project and of the whole club" in text
    # One of the two lines is the project's own.
    assert text.count("Take back") == 1
    assert "7" in text
    sign_in(client, make_staff("administrator"))
    text = text_of(client, both["page"])
    assert "Survey answered" in text
    assert "of this project and of the whole club" not in text
    assert text.count("Take back") == 3


TAKEN = {
    ("staff", "here", "ours"): 201,
    ("staff", "here", "club"): 403,
    ("staff", "here", "theirs"): 404,
    ("manager", "here", "club"): 403,
    ("staff", None, "club"): 201,
    ("administrator", None, "theirs"): 201,
    ("concierge", "here", "ours"): 403,
}


@pytest.mark.parametrize(("role", "scope", "line"), TAKEN)
def test_staff_take_back_what_was_posted_in_their_project(
    client: FlaskClient, call: Any, both: Any, role: str, scope: str | None, line: str
) -> None:
    person = make_staff(role, both[scope] if scope else None)
    at, body = f"{both['page']}/lines/{both[line].public_id}/reversal", {"reason": "wrong"}
    expected = TAKEN[role, scope, line]
    assert call(person)("POST", at, body).status_code == expected
    sign_in(client, person)
    form = {"reason": "wrong", "idempotency_key": "b" * 24}
    page = client.post(f"{both['page']}/{both[line].public_id}/back", data=form, headers=EN)
    # Whoever may has done it by program: there is nothing left.
    assert page.status_code == {201: 422}.get(expected, expected)
    assert figures(both["member"])[0] == (7_000 - {"ours": 1_000, "club": 2_000, "theirs": 4_000}[
        line
    ] if expected == 201 else 7_000)  # fmt: skip
    assert damage() == []


def test_a_form_for_a_line_of_the_club_is_not_offered(client: FlaskClient, both: Any) -> None:
    sign_in(client, make_staff("staff", both["here"]))
    for line, offered in (("ours", True), ("club", False), ("theirs", False)):
        page = client.get(f"{both['page']}?back={both[line].public_id}", headers=EN)
        assert ('id="back"' in page.text) is offered


def test_lots_of_another_projects_lines_are_left_out(call: Any, both: Any) -> None:
    member: Member = both["member"]
    spent: Posting = spend(member, 6_500, why=why("reward.redeemed", both["here"]))
    staff = call(make_staff("staff", both["here"]))
    done = staff("POST", f"{both['page']}/lines/{spent.public_id}/reversal", {"reason": "wrong"})
    assert done.status_code == 201
    opened_by = {each["opened_by"] for each in done.json["line"]["used"]}
    assert opened_by <= {both["ours"].public_id, both["club"].public_id}

"""The ways to the staff pages: chooser, desk, group centre, sidebar."""

import pytest

from portal.claims.models import ClaimState, UnitClaim
from portal.permissions.models import RoleGrant
from tests.factories import (
    add,
    make_account,
    make_follower,
    make_member,
    make_owner,
    make_project,
    make_staff,
    sign_in,
)


@pytest.fixture
def projects(app):
    return [make_project(), make_project(slug="siji", name="四季苑")]


def test_staff_of_one_project_come_to_its_desk(client, projects):
    sign_in(client, make_staff("staff", projects[0]))
    assert client.get("/staff/").location == "/p/binjiang/staff/"


def test_staff_of_two_projects_choose(client, projects):
    account = make_staff("staff", projects[0])
    add(RoleGrant(account_id=account.id, role="manager", project_id=projects[1].id))
    make_project(slug="shanju", name="山居")
    page = sign_in(client, account).get("/staff/")
    assert page.status_code == 200
    assert "滨江府" in page.text
    assert "四季苑" in page.text
    assert "山居" not in page.text


def test_club_wide_staff_come_to_the_centre(client, projects):
    sign_in(client, make_staff("leader"))
    assert client.get("/staff/").location == "/centre/"


def test_the_centre_shows_figures_and_finds_projects(client, projects, query_count):
    make_owner(projects[0])
    follower = make_follower(projects[0])
    add(
        UnitClaim(
            project_id=projects[0].id,
            member_id=follower.id,
            building="3",
            number="101",
            address="3//101",
            name="赵",
            role="owner",
            state=ClaimState.PENDING,
        )
    )
    sign_in(client, make_staff("centre"))
    with query_count() as sent:
        page = client.get("/centre/")
    assert len(sent) <= 8
    row = page.text.split("滨江府")[1].split("</tr>")[0]
    assert [part.split("<")[0] for part in row.split('">')[-3:]] == ["2", "1", "1"]
    found = client.get("/centre/", query_string={"q": "四季"})
    assert "四季苑" in found.text
    assert "滨江府" not in found.text
    assert client.get("/centre/", query_string={"q": "Siji"}).text.count("四季苑")
    assert "四季苑" not in client.get("/centre/", query_string={"q": "%"}).text


def test_project_staff_do_not_see_the_centre(client, projects):
    sign_in(client, make_staff("manager", projects[0]))
    for path in ("/centre/", "/centre/roles", "/centre/audit", "/centre/roles/matrix"):
        assert client.get(path).status_code == 403


def test_an_unknown_project_is_not_there(client, projects):
    sign_in(client, make_staff("administrator"))
    assert client.get("/p/nowhere/staff/").status_code == 404


def test_the_desk_shows_what_waits_and_who_is_new(client, projects, query_count):
    member = make_follower(projects[0], name="赵一诺")
    add(
        UnitClaim(
            project_id=projects[0].id,
            member_id=member.id,
            building="3栋",
            number="101",
            address="3//101",
            name="赵",
            role="owner",
            state=ClaimState.PENDING,
        )
    )
    make_owner(projects[1], name="别处人")
    sign_in(client, make_staff("staff", projects[0]))
    with query_count() as sent:
        page = client.get("/p/binjiang/staff/")
    assert page.status_code == 200
    assert page.text.count("赵一诺") >= 2
    assert "别处人" not in page.text
    # The desk itself takes 7, like an owner's home; each feature with a queue one more.
    assert len(sent) <= 7 + 2


def test_a_follower_is_not_counted_as_staff(client, projects):
    sign_in(client, make_member())
    assert client.get("/staff/").status_code == 403


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("staff", ["/staff/members"], ["/staff/audit", "/staff/roles", "/centre/"]),
        ("manager", ["/staff/members", "/staff/audit", "/staff/roles"], ["/centre/"]),
        ("verifier", [], ["/staff/members", "/staff/audit"]),
    ],
)
def test_the_sidebar_shows_what_the_role_may_open(client, projects, role, shown, hidden):
    sign_in(client, make_staff(role, projects[0]))
    page = client.get("/p/binjiang/staff/").text
    for path in shown:
        assert f'{path}"' in page
    for path in hidden:
        assert f'{path}"' not in page


def test_the_desk_calls_a_dispute_by_its_name(client, projects):
    add(
        UnitClaim(
            project_id=projects[0].id,
            member_id=make_follower(projects[0]).id,
            building="3",
            number="101",
            address="3//101",
            name="赵",
            role="owner",
            state=ClaimState.DISPUTED,
        )
    )
    page = sign_in(client, make_staff("staff", projects[0])).get("/p/binjiang/staff/")
    assert "有争议" in page.text
    assert "核对中" not in page.text


def test_an_account_without_a_name_has_a_desk(client, projects):
    account = make_account(display_name="")
    add(RoleGrant(account_id=account.id, role="staff", project_id=projects[0].id))
    assert sign_in(client, account).get("/p/binjiang/staff/").status_code == 200

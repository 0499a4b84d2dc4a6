"""The front door, an owner's home, a project's welcome page, the switch between projects."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, FileSystemLoader

from portal import clock
from portal.extensions import db
from portal.home import queries
from portal.members.models import Household
from portal.projects.models import ProjectInterest, Unit
from portal.slots import Card, MemberHome, Todo
from tests import factories as make

EN = {"Accept-Language": "en"}
OWNER_HOME_STATEMENTS = 7
FOLLOWER_HOME_STATEMENTS = 8
WELCOME_STATEMENTS = 3
PROJECTS_STATEMENTS = 7


def text(response: Any) -> str:
    """Return what a reader sees, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)).split())


def count(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def fill_slot(app: Any, monkeypatch: Any, home: MemberHome) -> None:
    fillers = app.extensions["portal.slots"].fillers
    monkeypatch.setitem(fillers, "member_home", [lambda project: home])


def make_todo(number: int) -> Todo:
    return Todo(f"Task {number}", "soon", "clock", "gold", f"/task/{number}")


# --- the front door -----------------------------------------------------------------------------


def test_a_visitor_sees_the_club_and_its_projects(client: FlaskClient) -> None:
    make.make_project()
    seen = text(client.get("/", headers=EN))
    assert "Binjiang" in seen
    assert "Sign in" in seen


def test_a_visitor_finds_a_project_by_part_of_its_name_or_city(client: FlaskClient) -> None:
    make.make_project()
    make.make_project(slug="siji", name="四季苑")
    assert "四季苑" not in text(client.get("/?q=滨江"))
    assert "滨江府" in text(client.get("/?q=滨江"))
    assert "滨江府" in text(client.get("/?q=hangz"))
    assert "四季苑" in text(client.get("/?q=杭州"))


@pytest.mark.parametrize("search", ["%", "_", "\\", "'", '"', "x" * 5000, "滨 江 府 a b c d"])
def test_what_is_searched_for_is_only_text(client: FlaskClient, search: str) -> None:
    make.make_project()
    response = client.get("/", query_string={"q": search}, headers=EN)
    assert response.status_code == 200
    if "滨" not in search:
        assert "No project matches" in text(response)


def test_many_projects_come_in_pages(client: FlaskClient) -> None:
    for number in range(25):
        make.make_project(slug=f"p{number:02d}", name=f"楼盘{number:02d}")
    first = client.get("/", headers=EN).get_data(as_text=True)
    assert "楼盘19" not in first or "P19" in first
    link = re.search(r'href="([^"]*cursor=[^"]*)"', first)
    assert link
    second = client.get(link[1].replace("&amp;", "&"), headers=EN).get_data(as_text=True)
    assert "P24" in second
    assert "P00" not in second


def test_a_member_is_led_home_and_back_to_the_project_seen_last(client: FlaskClient) -> None:
    first, second = make.make_project(), make.make_project(slug="siji", name="四季苑")
    member = make.make_owner(first)
    make.make_ownership(member, make.make_unit(second))
    make.sign_in(client, member)
    assert client.get("/").location == "/p/binjiang/"
    client.get("/p/siji/")
    assert client.get("/").location == "/p/siji/"


def test_a_project_that_is_no_longer_theirs_is_forgotten(client: FlaskClient) -> None:
    first, second = make.make_project(), make.make_project(slug="siji", name="四季苑")
    member = make.make_owner(first)
    interest = make.add(ProjectInterest(member_id=member.id, project_id=second.id))
    make.sign_in(client, member)
    client.get("/p/siji/")
    db.session.delete(interest)
    assert client.get("/").location == "/p/binjiang/"


def test_staff_without_membership_are_led_to_their_desk(client: FlaskClient) -> None:
    staff = make.make_staff("staff", make.make_project())
    assert make.sign_in(client, staff).get("/").location == "/staff/"


def test_a_member_without_a_project_chooses_one(client: FlaskClient) -> None:
    make.make_project()
    assert make.sign_in(client, make.make_member()).get("/").location == "/projects"


# --- the owner's home ---------------------------------------------------------------------------


def test_an_owner_is_greeted_with_home_and_year(client: FlaskClient) -> None:
    project = make.make_project()
    today = clock.business_date(project.time_zone)
    member = make.make_member(salutation="ms", joined_on=today.replace(year=today.year - 3, day=1))
    make.make_ownership(member, make.make_unit(project))
    seen = text(make.sign_in(client, member).get("/p/binjiang/", headers=EN))
    assert re.search(r"Good (morning|afternoon|evening), Ms 林", seen)
    assert "Building 2, 1502" in seen
    assert "Year 4 as a member" in seen
    assert f"{member.card_number[:4]} {member.card_number[4:]}" in seen
    assert "Available points" in seen


def test_no_points_are_invented(client: FlaskClient) -> None:
    member = make.make_owner(make.make_project())
    page = make.sign_in(client, member).get("/p/binjiang/").get_data(as_text=True)
    assert "tier-blue" in page
    assert "<progress" not in page


def test_only_homes_of_this_project_and_of_now_are_shown(client: FlaskClient) -> None:
    here, there = make.make_project(), make.make_project(slug="siji", name="四季苑")
    member = make.make_member()
    make.make_ownership(member, make.make_unit(here, number="0101"))
    make.make_ownership(member, make.make_unit(there, number="0202"))
    make.make_ownership(
        member,
        make.make_unit(here, number="0303"),
        until=clock.business_date("Asia/Shanghai"),
        end_reason="sale",
    )
    seen = text(make.sign_in(client, member).get("/p/binjiang/"))
    assert "0101" in seen
    assert "0202" not in seen
    assert "0303" not in seen


def test_a_future_owner_is_asked_to_claim(client: FlaskClient) -> None:
    project = make.make_project()
    follower = make.make_follower(project)
    page = make.sign_in(client, follower).get("/p/binjiang/", headers=EN)
    assert "Claim my home" in text(page)
    assert "/me/claims/new?project=binjiang" in page.get_data(as_text=True)
    assert "My homes" in text(page)


def test_three_to_dos_are_shown_and_then_all(
    app: Any, client: FlaskClient, monkeypatch: Any
) -> None:
    member = make.make_owner(make.make_project())
    fill_slot(app, monkeypatch, MemberHome(todos=tuple(map(make_todo, range(5)))))
    make.sign_in(client, member)
    first = text(client.get("/p/binjiang/", headers=EN))
    assert "5 items" in first
    assert "Task 2" in first
    assert "Task 3" not in first
    everything = text(client.get("/p/binjiang/?todos=all", headers=EN))
    assert "Task 4" in everything
    assert "Show all" not in everything


def test_without_to_dos_the_page_says_so(client: FlaskClient) -> None:
    member = make.make_owner(make.make_project())
    assert "Nothing is waiting for you" in text(
        make.sign_in(client, member).get("/p/binjiang/", headers=EN)
    )


def test_cards_of_features_stand_in_their_order(
    app: Any, client: FlaskClient, monkeypatch: Any, tmp_path: Any
) -> None:
    member = make.make_owner(make.make_project())
    (tmp_path / "card.html").write_text("<section>Card {{ data }}</section>")
    monkeypatch.setattr(
        app.jinja_env, "loader", ChoiceLoader([app.jinja_env.loader, FileSystemLoader(tmp_path)])
    )
    cards = (Card("card.html", "late", order=200), Card("card.html", "early", order=10))
    fill_slot(app, monkeypatch, MemberHome(cards=cards))
    seen = text(make.sign_in(client, member).get("/p/binjiang/"))
    assert seen.index("Card early") < seen.index("Card late")


def test_names_are_escaped(client: FlaskClient) -> None:
    member = make.make_owner(make.make_project(), name="<b>x</b>")
    page = make.sign_in(client, member).get("/p/binjiang/").get_data(as_text=True)
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("homes", [1, 5])
def test_the_owners_home_sends_the_same_statements_however_much_it_shows(
    client: FlaskClient, query_count: Any, homes: int
) -> None:
    project = make.make_project()
    member = make.make_member()
    for number in range(homes):
        make.make_ownership(member, make.make_unit(project, number=f"{number:04d}"))
    make.sign_in(client, member)
    client.get("/p/binjiang/")
    with query_count() as sent:
        assert client.get("/p/binjiang/").status_code == 200
    assert len(sent) <= OWNER_HOME_STATEMENTS, "\n".join(sent.texts)


def test_a_followers_home_asks_once_more_whether_they_follow(
    client: FlaskClient, query_count: Any
) -> None:
    make.sign_in(client, make.make_follower(make.make_project()))
    client.get("/p/binjiang/")
    with query_count() as sent:
        assert client.get("/p/binjiang/").status_code == 200
    assert len(sent) <= FOLLOWER_HOME_STATEMENTS, "\n".join(sent.texts)


# --- the welcome page ---------------------------------------------------------------------------


def test_a_stranger_sees_the_welcome_page(client: FlaskClient) -> None:
    make.make_project()
    seen = text(client.get("/p/binjiang/", headers=EN))
    assert "How to join" in seen
    assert "Join the club" in seen


def test_an_owner_of_another_project_may_follow(client: FlaskClient) -> None:
    make.make_project()
    other = make.make_project(slug="siji", name="四季苑")
    make.sign_in(client, make.make_owner(other))
    assert "Follow this project" in text(client.get("/p/binjiang/", headers=EN))
    response = client.post("/projects/binjiang/follow", headers=EN)
    assert response.status_code == 303
    assert response.location == "/p/binjiang/"
    assert "You now follow" in text(client.get("/p/binjiang/", headers=EN))


def test_following_twice_is_following_once(client: FlaskClient) -> None:
    make.make_project()
    make.sign_in(client, make.make_member())
    for _ in range(2):
        assert client.post("/projects/binjiang/follow").status_code == 303
    assert count(ProjectInterest) == 1


def test_unfollowing_leaves_homes_alone(client: FlaskClient) -> None:
    project = make.make_project()
    member = make.make_owner(project)
    make.add(ProjectInterest(member_id=member.id, project_id=project.id))
    make.sign_in(client, member)
    assert client.post("/projects/binjiang/unfollow").location == "/projects"
    assert count(ProjectInterest) == 0
    assert "Owner" in text(client.get("/projects", headers=EN))


@pytest.mark.parametrize("path", ["/projects/nowhere/follow", "/projects/nowhere/unfollow"])
def test_an_unknown_project_cannot_be_followed(client: FlaskClient, path: str) -> None:
    assert make.sign_in(client, make.make_member()).post(path).status_code == 404


def test_a_visitor_and_staff_cannot_follow(client: FlaskClient) -> None:
    project = make.make_project()
    assert client.post("/projects/binjiang/follow").location.startswith("/login")
    make.sign_in(client, make.make_staff("staff", project))
    assert client.post("/projects/binjiang/follow").status_code == 403
    assert count(ProjectInterest) == 0


@pytest.mark.parametrize(("households", "told"), [(9, False), (10, True), (12, True)])
def test_few_households_are_not_counted_in_public(
    client: FlaskClient, households: int, told: bool
) -> None:
    project = make.make_project()
    for number in range(households):
        unit = make.make_unit(project, number=f"{number:04d}")
        unit.household_id = make.add(Household()).id
        make.add(unit)
    assert count(Unit) == households
    seen = text(client.get("/p/binjiang/", headers=EN))
    assert (f"club of {households} households" in seen) is told


def test_beyond_what_is_counted_a_plus_is_shown(client: FlaskClient, monkeypatch: Any) -> None:
    project = make.make_project()
    for number in range(12):
        unit = make.make_unit(project, number=f"{number:04d}")
        unit.household_id = make.add(Household()).id
        make.add(unit)
    monkeypatch.setattr(queries, "COUNTED_AT_MOST", 11)
    assert "club of 11+ households" in text(client.get("/p/binjiang/", headers=EN))


def test_two_homes_of_one_household_count_once(client: FlaskClient) -> None:
    project = make.make_project()
    household = make.add(Household())
    for number in range(12):
        unit = make.make_unit(project, number=f"{number:04d}")
        unit.household_id = household.id
        make.add(unit)
    assert "households" not in text(client.get("/p/binjiang/", headers=EN)).split("How to join")[0]


def test_an_unknown_project_is_not_found(client: FlaskClient) -> None:
    assert client.get("/p/nowhere/").status_code == 404


def test_the_welcome_page_sends_few_statements(client: FlaskClient, query_count: Any) -> None:
    make.make_project()
    with query_count() as sent:
        assert client.get("/p/binjiang/").status_code == 200
    assert len(sent) <= WELCOME_STATEMENTS, "\n".join(sent.texts)


# --- choosing a project -------------------------------------------------------------------------


def test_mine_come_first_and_others_follow(client: FlaskClient) -> None:
    own, followed = make.make_project(), make.make_project(slug="siji", name="四季苑")
    make.make_project(slug="shanju", name="山居")
    member = make.make_owner(own)
    make.add(ProjectInterest(member_id=member.id, project_id=followed.id))
    seen = text(make.sign_in(client, member).get("/projects", headers=EN))
    mine, others = seen.split("Other projects")
    assert "Owner" in mine
    assert "Unfollow" in mine
    assert "Shanju" in others
    assert "Binjiang" not in others


def test_a_visitor_may_look_at_the_list(client: FlaskClient) -> None:
    make.make_project()
    seen = text(client.get("/projects", headers=EN))
    assert "Binjiang" in seen
    assert "My projects" not in seen


@pytest.mark.parametrize("projects", [2, 20])
def test_the_list_sends_the_same_statements_however_long(
    client: FlaskClient, query_count: Any, projects: int
) -> None:
    for number in range(projects):
        make.make_project(slug=f"p{number:02d}", name=f"楼盘{number:02d}")
    member = make.make_owner(make.make_project())
    make.sign_in(client, member)
    client.get("/projects")
    with query_count() as sent:
        assert client.get("/projects").status_code == 200
    assert len(sent) <= PROJECTS_STATEMENTS, "\n".join(sent.texts)


@pytest.mark.parametrize("path", ["/", "/projects", "/p/binjiang/", "/p/binjiang/?todos=all"])
def test_reading_writes_nothing(client: FlaskClient, query_count: Any, path: str) -> None:
    member = make.make_owner(make.make_project())
    make.sign_in(client, member)
    client.get(path)
    with query_count() as sent:
        client.get(path)
    assert all(each.lstrip().upper().startswith(("SELECT", "WITH")) for each in sent.texts)

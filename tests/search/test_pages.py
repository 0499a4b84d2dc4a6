"""The search pages: who finds what, how often the database is asked, and what any text does."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from portal.extensions import db
from portal.search import audiences
from portal.search.folding import question
from portal.search.service import put
from portal.search.showing import excerpt, marked
from tests.factories import (
    make_account,
    make_follower,
    make_owner,
    make_project,
    make_roster_entry,
    make_staff,
    make_unit,
    sign_in,
)

STATEMENTS = 8


def write(key: str, title: str = "漏水通知", **more: Any) -> None:
    put(**{"kind": "thing", "key": key, "title": title, "body": "", "url": f"/found/{key}", **more})
    db.session.commit()


def links(page: Any) -> list[str]:
    """Return where the results of a page lead."""
    assert page.status_code == 200
    return re.findall(r'<a class="item" href="([^"]+)"', page.text)


def test_each_reader_finds_what_is_theirs(app: Flask) -> None:
    own, other = make_project(), make_project(slug="siji", name="四季苑")
    member, neighbour = make_owner(own), make_owner(own)
    stranger = make_owner(other)
    write("public", audiences=["public"])
    write("own", audiences=[audiences.project(own.id)], project_id=own.id)
    write("other", audiences=[audiences.project(other.id)], project_id=other.id)
    write("mine", audiences=[audiences.member(member.id)])
    write("home", audiences=[audiences.household(member.household_id)])
    write("elsewhere", audiences=["public"], project_id=other.id)
    write("staff", audiences=audiences.permission("members.view", own.id), project_id=own.id)

    def found(reader: Any, slug: str) -> set[str]:
        page = sign_in(app.test_client(), reader).get(f"/p/{slug}/search?q=漏水")
        return {link.removeprefix("/found/") for link in links(page)}

    assert found(member, "binjiang") == {"public", "own", "mine", "home"}
    assert found(neighbour, "binjiang") == {"public", "own"}
    assert found(stranger, "siji") == {"public", "other", "elsewhere"}
    assert sign_in(app.test_client(), stranger).get("/p/binjiang/search").status_code == 404


def test_staff_find_by_the_permissions_they_hold_there(app: Flask) -> None:
    own, other = make_project(), make_project(slug="siji", name="四季苑")
    for project in (own, other):
        for key in ("members.view", "claims.review", "audit.view"):
            write(
                f"{project.slug}-{key}",
                audiences=audiences.permission(key, project.id),
                project_id=project.id,
            )
    write("club", audiences=audiences.permission("audit.view", None))
    write("owners", audiences=["public", audiences.project(own.id)], project_id=own.id)

    def found(role: str, scope: Any, address: str) -> set[str]:
        page = sign_in(app.test_client(), make_staff(role, scope)).get(f"{address}?q=漏水")
        return {link.removeprefix("/found/") for link in links(page)}

    here = "/p/binjiang/staff/search"
    assert found("staff", own, here) == {"binjiang-members.view", "binjiang-claims.review"}
    assert found("verifier", own, here) == set()
    assert found("manager", None, here) == {
        "binjiang-members.view", "binjiang-claims.review", "binjiang-audit.view", "club",
    }  # fmt: skip
    assert found("centre", None, "/centre/search") == {
        "binjiang-members.view", "siji-members.view", "binjiang-audit.view", "siji-audit.view",
        "club",
    }  # fmt: skip


def test_who_may_not_enter(app: Flask) -> None:
    own, other = make_project(), make_project(slug="siji", name="四季苑")
    staff = sign_in(app.test_client(), make_staff("staff", own))
    assert staff.get("/p/siji/staff/search?q=林").status_code == 403
    assert staff.get("/centre/search?q=林").status_code == 403
    assert staff.get("/p/binjiang/search?q=林").status_code == 403
    owner = sign_in(app.test_client(), make_owner(other))
    assert owner.get("/p/siji/staff/search?q=林").status_code == 403
    assert app.test_client().get("/p/siji/search?q=林").status_code == 302


def test_staff_find_people_homes_and_the_roster_in_few_statements(
    app: Flask, query_count: Any
) -> None:
    project = make_project()
    for name in ("林晓芸", "林志强", "林海", "曾林", "林木", "林森"):
        make_owner(project, name=name)
    unit = make_unit(project, number="1802")
    make_roster_entry(unit, make_account(), name="林深见鹿")
    client = sign_in(app.test_client(), make_staff("staff", project))
    client.get("/p/binjiang/staff/")

    with query_count() as sent:
        page = client.get("/p/binjiang/staff/search?q=林")
    assert len(links(page)) == 6
    assert "林深见鹿" not in page.text
    assert len(sent) <= STATEMENTS, sent.texts
    with query_count() as sent:
        one = client.get("/p/binjiang/staff/search?q=林&in=member")
    assert len(links(one)) == 6
    assert len(sent) <= STATEMENTS, sent.texts
    assert len(links(client.get("/p/binjiang/staff/search?q=1802"))) == 2
    assert 'value="1802"' in client.get("/p/binjiang/staff/search?q=1802").text


def test_the_owner_page_and_the_centre_ask_few_statements(app: Flask, query_count: Any) -> None:
    project = make_project()
    owner = sign_in(app.test_client(), make_owner(project))
    centre = sign_in(app.test_client(), make_staff("centre"))
    for client, url in ((owner, "/p/binjiang/search?q=滨江"), (centre, "/centre/search?q=滨江")):
        client.get(url)
        with query_count() as sent:
            assert links(client.get(url))
        assert len(sent) <= STATEMENTS, sent.texts


def test_the_pages_of_one_group_hold_everything_once(app: Flask) -> None:
    project = make_project()
    for number in range(45):
        make_follower(project, name=f"林{number}")
    client = sign_in(app.test_client(), make_staff("staff", project))
    seen: list[str] = []
    url = "/p/binjiang/staff/search?q=林&in=member"
    while url:
        page = client.get(url)
        seen += links(page)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 45


def test_a_member_is_found_by_phone_in_the_list_of_members_only(app: Flask) -> None:
    project = make_project()
    make_follower(project, name="林晓芸", account=make_account(phone="+8613800138000"))
    client = sign_in(app.test_client(), make_staff("staff", project))
    for typed in ("13800138000", "8000"):
        page = client.get(f"/p/binjiang/staff/search?q={typed}")
        assert links(page) == []
        assert f"/p/binjiang/staff/members?q={typed}" in page.text


@pytest.mark.parametrize(
    "text",
    ["", "%", "'", '"', "<b>", "😀", "*", "a\u0301", "NOT", "水" * 10_000, "a b " * 2_500, "​"],
)
def test_any_question_gets_a_page(app: Flask, text: str) -> None:
    project = make_project()
    owner = sign_in(app.test_client(), make_owner(project))
    staff = sign_in(app.test_client(), make_staff("centre"))
    for client, url in ((owner, "/p/binjiang/search"), (staff, "/centre/search")):
        page = client.get(f"{url}?q={quote(text)}")
        assert page.status_code == 200
        assert "<b>" not in page.text.replace("<b>0</b>", "")
        assert ("只搜索了前" in page.text) is (len(text) > 100)
    assert owner.get("/p/binjiang/search?q=%00").status_code == 400
    assert owner.get("/p/binjiang/search?q=滨江&in=nothing&cursor=x").status_code == 200


def test_marks_are_escaped_and_what_is_marked_is_what_was_found(app: Flask) -> None:
    project = make_project()
    write("x", "<script>衛生間漏水</script>", audiences=["public"])
    page = sign_in(app.test_client(), make_owner(project)).get("/p/binjiang/search?q=卫生间 漏水")
    assert "&lt;script&gt;<mark>衛生間漏水</mark>&lt;/script&gt;" in page.text


@pytest.mark.parametrize(
    ("text", "asked", "wanted"),
    [
        ("卫生间漏水严重", "漏水", ["漏水"]),
        ("衛生間", "卫生", ["衛生"]),
        ("Riverside Court", "COURT", ["Court"]),
        ("Courtyard", "court", []),
        ("第①栋 ㎡", "1", ["①"]),
        ("漏水又漏水", "漏水", ["漏水", "漏水"]),
        ("哈哈哈", "哈哈", ["哈哈哈"]),
        ("", "漏水", []),
    ],
)
def test_what_is_marked(text: str, asked: str, wanted: list[str]) -> None:
    parts = marked(text, question(asked))
    assert [part for part, is_hit in parts if is_hit] == wanted
    assert "".join(part for part, _ in parts) == text


def test_an_excerpt_shows_the_place(app: Flask) -> None:
    text = "前" * 300 + "漏水" + "后" * 300
    shown = excerpt(text, question("漏水"))
    assert "漏水" in shown
    assert shown[0] == shown[-1] == "…"
    assert len(shown) <= 92


def test_the_list_of_members_finds_names_as_the_index_does(app: Flask) -> None:
    project, other = make_project(), make_project(slug="siji", name="四季苑")
    make_owner(project, name="林晓芸")
    make_owner(project, name="Wang Lei")
    make_owner(other, name="林深")
    client = sign_in(app.test_client(), make_staff("staff", project))
    for typed in ("芸", "曉芸", "晓", "林曉"):
        assert "林晓芸" in client.get(f"/p/binjiang/staff/members?q={typed}").text, typed
    assert "林深" not in client.get("/p/binjiang/staff/members?q=林").text
    assert "Wang Lei" in client.get("/p/binjiang/staff/members?q=ang L").text

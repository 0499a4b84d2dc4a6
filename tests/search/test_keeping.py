"""The index follows what is written; a rebuilt one is the same."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.claims.models import UnitClaim
from portal.extensions import db
from portal.members import service as members
from portal.members.models import MemberState
from portal.projects import service as projects
from portal.search import audiences
from portal.search.keeping import rebuild
from portal.search.models import SearchDocument
from portal.search.queries import find
from tests.factories import (
    make_account,
    make_follower,
    make_member,
    make_owner,
    make_ownership,
    make_project,
    make_roster_entry,
    make_unit,
)


def documents() -> list[Any]:
    """Return everything that is in the index."""
    table = SearchDocument.__table__
    columns = [column for column in table.c if column.name != "id"]
    rows = db.session.execute(sa.select(*columns)).all()
    return sorted(rows, key=repr)


def staff_keys(project: Any, *permissions: str) -> list[str]:
    """Return the keys of staff who hold permissions in a project."""
    wanted = permissions or ("members.view", "homes.manage", "claims.review")
    return [audiences.permission(key, project.id)[0] for key in wanted]


def kinds(text: str, project: Any) -> list[str]:
    return sorted(found.kind for found in find(text, staff_keys(project)))


def test_what_is_written_is_found_and_what_ends_is_not(app: Flask) -> None:
    project, other = make_project(), make_project(slug="siji", name="四季苑")
    member = make_owner(project, name="欧阳明月")
    make_follower(other, name="明天")
    db.session.commit()

    assert kinds("阳明", project) == ["member"]
    assert kinds("月", project) == ["member"]
    assert kinds("明天", project) == []
    assert kinds(member.card_number, project) == ["member"]

    members.change_profile(
        actor=make_account(), member=member, name="欧阳清风", salutation="none", birth_month=None
    )
    db.session.commit()
    assert kinds("明月", project) == []
    assert kinds("清风", project) == ["member"]

    member.state = MemberState.LEFT
    db.session.commit()
    assert kinds("清风", project) == []


def test_following_and_no_longer_following(app: Flask) -> None:
    project = make_project()
    member = make_member(name="欧阳明月")
    projects.follow(member=member, project=project)
    db.session.commit()
    assert kinds("明月", project) == ["member"]

    projects.unfollow(member=member, project=project)
    db.session.commit()
    assert kinds("明月", project) == []


def test_nothing_of_a_rolled_back_transaction_is_found(app: Flask) -> None:
    project = make_project()
    member = make_owner(project, name="西门吹雪")
    member.name = "欧阳明月"
    db.session.flush()
    db.session.rollback()
    make_follower(project, name="别人")

    assert kinds("明月", project) == []
    assert kinds("西门", project) == ["member"]


def test_people_of_the_roster_are_found_by_their_name_and_shown_masked(app: Flask) -> None:
    project = make_project()
    entry = make_roster_entry(
        make_unit(project), make_account(phone="+8613800138000"), name="诸葛孔明"
    )
    entry.note = "电话 13800138000"
    db.session.commit()

    found = find("诸葛孔", staff_keys(project))
    assert [(one.kind, one.title) for one in found] == [("roster_entry", "诸**明")]
    assert kinds("13800138000", project) == kinds("8000", project) == []

    entry.claimed_by_id = make_member().id
    db.session.commit()
    assert kinds("诸葛", project) == []


def test_a_home_is_found_as_people_say_it(app: Flask) -> None:
    project = make_project()
    unit = make_unit(project, building="2栋", entrance="1", number="1502")
    db.session.commit()

    for text in ("1502", "2栋", "2栋1502", "2棟1502室", "1单元 1502", "building 2", "2-1-1502"):
        assert [one.key for one in find(text, staff_keys(project))] == [unit.public_id], text
    assert kinds("502", project) == kinds("3栋1502", project) == []


def test_a_rebuilt_index_is_the_one_that_was_kept(app: Flask) -> None:
    project = make_project()
    member = make_owner(project, name="欧阳明月")
    unit = make_unit(project, number="901")
    make_ownership(member=member, unit=unit)
    make_follower(project, name="西门吹雪")
    make_roster_entry(unit, make_account(), name="诸葛孔明")
    db.session.add(
        UnitClaim(
            project_id=project.id,
            member_id=member.id,
            building="3",
            number="8",
            address="3/8",
            name="欧阳明月",
            role="owner",
        )
    )
    db.session.commit()
    kept = documents()
    assert {row.kind for row in kept} == {
        "project",
        "desk",
        "home",
        "member",
        "claim",
        "roster_entry",
    }

    rebuild()
    db.session.commit()
    assert documents() == kept

    db.session.execute(sa.delete(SearchDocument))
    rebuild()
    db.session.commit()
    assert documents() == kept


def test_a_rebuild_drops_what_has_no_row_and_can_begin_in_the_middle(app: Flask) -> None:
    project = make_project()
    first, second = make_owner(project, name="欧阳明月"), make_owner(project, name="西门吹雪")
    db.session.commit()
    table = SearchDocument.__table__
    db.session.execute(sa.update(table).where(table.c.kind == "member").values(title="旧"))
    db.session.execute(
        sa.update(table).where(table.c.row_id == second.id, table.c.kind == "home").values(key="x")
    )
    heard: list[tuple[str, int, int]] = []
    rebuild(["member"], after=first.id, done=lambda *args: heard.append(args))
    db.session.commit()

    titles = dict(
        db.session.execute(
            sa.select(SearchDocument.row_id, SearchDocument.title).where(
                SearchDocument.kind == "member"
            )
        ).all()
    )
    assert titles == {first.id: "旧", second.id: "西门吹雪"}
    assert heard == [("member", second.id, 1), ("member", second.id, 0)]

    db.session.execute(sa.update(table).where(table.c.row_id == second.id).values(row_id=10**9))
    rebuild()
    db.session.commit()
    assert not [row for row in documents() if row.row_id == 10**9]


def test_the_command_rebuilds_and_names_what_it_knows(app: Flask, monkeypatch: Any) -> None:
    make_owner(make_project(), name="欧阳明月")
    db.session.commit()
    kept = documents()
    db.session.execute(sa.delete(SearchDocument))
    db.session.commit()

    run = app.test_cli_runner().invoke
    from portal.search.cli import commands

    answer = run(commands, ["rebuild"])
    assert answer.exit_code == 0, answer.output
    assert documents() == kept
    wrong = run(commands, ["rebuild", "--kind", "nothing"])
    assert wrong.exit_code == 1
    assert "roster_entry" in wrong.output


@pytest.mark.parametrize("url", ["//evil", "https://evil", "/\\evil", "javascript:1", ""])
def test_an_address_of_elsewhere_is_refused(app: Flask, url: str) -> None:
    from portal.search.service import put

    with pytest.raises(ValueError, match="address"):
        put(kind="thing", key="a", title="a", body="", url=url, audiences=["public"])


def test_dates_decide_the_order_also_after_a_rebuild(app: Flask, monkeypatch: Any) -> None:
    project = make_project()
    old = make_owner(project, name="张三")
    young = make_owner(project, name="张四")
    old.created_at, young.created_at = clock.now().replace(year=2001), clock.now()
    db.session.commit()
    keys = [one.key for one in find("张", staff_keys(project))]
    assert keys == [young.public_id, old.public_id]
    db.session.execute(sa.delete(SearchDocument))
    rebuild(["member"])
    assert [one.key for one in find("张", staff_keys(project))] == keys
    db.session.rollback()

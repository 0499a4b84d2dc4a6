"""Points through the SDK: own keys, own holds, the caller's transaction, objections of plugins."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import sdk
from portal.extensions import db
from portal.plugin_host.refs import member_ref, project_ref
from portal.points import service
from portal.points.models import Transaction
from portal.points.terms import Holder, Why
from portal.points.verify import verify
from tests import factories
from tests.plugin_host.conftest import switch_on

SOURCE = "notes.written"


@pytest.fixture
def place(host_app: Flask) -> Any:
    """A project where the toy is on, and a member."""
    project = factories.make_project()
    switch_on("notes", project)
    member = factories.make_owner(project)
    return project_ref(project), member_ref(member)


def earn(place: Any, amount: int = 50_000, key: str = "notes:1", **values: Any) -> Any:
    """Give points as the toy."""
    project, member = place
    return sdk.earn_points(
        member=member, amount=amount, key=key, source=SOURCE, project=project, **values
    )


def test_a_plugin_gives_holds_uses_and_takes_back(place: Any) -> None:
    project, member = place
    earn(place)
    held = sdk.hold_points(
        member=member, amount=20_000, key="notes:2", source=SOURCE, project=project
    )
    assert sdk.points_balance(member).held == 20_000
    used = sdk.capture_points(hold_id=held.id, source=SOURCE, amount=15_000)
    sdk.reverse_points(posting_id=used.id, key="notes:3", source=SOURCE, amount=5_000)
    spent = sdk.spend_points(
        member=member, amount=1_000, key="notes:4", source=SOURCE, project=project
    )
    again = sdk.spend_points(
        member=member, amount=1_000, key="notes:4", source=SOURCE, project=project
    )
    assert (again.id, again.is_new) == (spent.id, False)
    other = sdk.hold_points(member=member, amount=1_000, key="notes:5", source=SOURCE)
    sdk.void_points(hold_id=other.id, source=SOURCE)
    assert sdk.points_balance(member).available == 39_000
    db.session.commit()
    assert verify() == []


def test_a_posting_goes_with_the_callers_transaction(place: Any) -> None:
    earn(place)
    db.session.rollback()
    assert sdk.points_balance(place[1]).available == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 0


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("other:1", SOURCE),
        ("notes", SOURCE),
        ("notes:1", "manual"),
        ("core:1", "core.x"),
        ("hostile:1", SOURCE),
    ],
)
def test_a_plugin_uses_keys_and_sources_of_its_own(place: Any, key: str, source: str) -> None:
    project, member = place
    with pytest.raises(ValueError, match="must begin with"):
        sdk.earn_points(member=member, amount=1, key=key, source=source, project=project)


def test_what_others_posted_is_not_there_for_a_plugin(place: Any) -> None:
    _project, member = place
    holder = Holder.member(member.id)
    why = Why("manual")
    given = service.post(actor=None, holder=holder, amount=9_000, key="core:1", why=why)
    held = service.hold(actor=None, holder=holder, amount=1_000, key="core:2", why=why)
    for act, code in (
        (lambda: sdk.capture_points(hold_id=held.id, source=SOURCE), "unknown_hold"),
        (lambda: sdk.void_points(hold_id=held.id, source="hostile.x"), "unknown_hold"),
        (lambda: sdk.void_points(hold_id=999, source=SOURCE), "unknown_hold"),
        (
            lambda: sdk.reverse_points(posting_id=given.id, key="notes:9", source=SOURCE),
            "unknown_transaction",
        ),
    ):
        with pytest.raises(sdk.PointsError, match=code):
            act()
    assert sdk.points_balance(member).held == 1_000


@pytest.fixture
def object_with(host_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let the toy answer `check_points_posting` in some way."""
    manager = host_app.extensions["portal.plugins"].manager

    def answer(check: Any) -> None:
        plugin = manager.get_plugin("notes")
        monkeypatch.setattr(plugin, "check_points_posting", check, raising=False)
        manager.unregister(plugin)
        manager.register(plugin, name="notes")

    return answer


def test_a_plugin_may_object_where_it_is_on(place: Any, object_with: Any) -> None:
    seen = []

    @sdk.hookimpl
    def check_points_posting(project: Any, posting: Any) -> list[str]:
        seen.append((project.slug, posting.kind, posting.amount, posting.source))
        return ["Too much."] if posting.amount > 1_000 else []

    object_with(check_points_posting)
    earn(place, 1_000)
    with pytest.raises(sdk.PointsError, match="refused") as refused:
        earn(place, 1_001, key="notes:2")
    assert refused.value.details == ("Too much.",)
    with pytest.raises(sdk.PointsError, match="refused"):
        sdk.hold_points(
            member=place[1], amount=2_000, key="notes:3", source=SOURCE, project=place[0]
        )
    assert seen[0] == (place[0].slug, "earn", 1_000, SOURCE)
    # Where it is off, and for what is the whole club's, nobody asks it.
    elsewhere = project_ref(factories.make_project(slug="elsewhere"))
    sdk.earn_points(member=place[1], amount=5_000, key="notes:4", source=SOURCE, project=elsewhere)
    sdk.earn_points(member=place[1], amount=5_000, key="notes:5", source=SOURCE)
    db.session.commit()
    assert sdk.points_balance(place[1]).available == 11_000


def test_a_check_that_fails_objects(place: Any, object_with: Any) -> None:
    @sdk.hookimpl
    def check_points_posting(project: Any, posting: Any) -> list[str]:
        raise RuntimeError("broken")

    object_with(check_points_posting)
    with pytest.raises(sdk.PointsError, match="refused"):
        earn(place)
    db.session.commit()
    assert sdk.points_balance(place[1]).available == 0

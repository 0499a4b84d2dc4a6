"""The club's own catalogue: written by the group, offered in every project."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.rewards import ordering
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item
from plugins.rewards.states import Period, Shown
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from portal.sdk.testing.statements import counted
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.rewards.test_pages import form

PAGE = "/centre/rewards/items/"


@pytest.fixture
def group(app, place):
    return factories.sign_in(app.test_client(), factories.make_staff("centre"))


def test_the_group_writes_offers_and_withdraws_what_every_project_has(app, group, place):
    bad = group.post(f"{PAGE}new", data=form(title_zh_Hans_CN="", title_en="Oolong"))
    assert (bad.status_code, "Oolong" in bad.text) == (422, True)
    typed = form(opens_1="2026-12-01T09:00", closes_1="2026-12-08T21:00")
    made = group.post(f"{PAGE}new", data=typed)
    item = db.session.scalars(sa.select(Item)).one()
    assert (made.status_code, made.location) == (303, f"{PAGE}{item.public_id}")
    assert (item.project_id, item.state, item.price) == (None, Shown.DRAFT, 120_500)
    assert re.search("2026-12-01[T ]09:00", group.get(f"{made.location}/edit").text)
    draft = f"/p/binjiang/staff/rewards/{item.public_id}"
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.get(draft).status_code == 404
    assert "桂花乌龙" not in clerk.get("/p/binjiang/staff/rewards/").text
    assert group.post(f"{made.location}/edit", data=form(price="100")).status_code == 303
    late = group.post(f"{made.location}/edit", data=form(title_en="Late"))
    assert (late.status_code, "Late" in late.text) == (409, True)
    received = {"kind": "received", "pieces": "4"}
    assert group.post(f"{made.location}/stock", data=received).location == made.location
    other = factories.make_project(slug="west")
    switch_on("rewards", other)
    db.session.commit()
    owners = [
        factories.sign_in(app.test_client(), who)
        for who in (place.member, factories.make_owner(other))
    ]
    lists = ("/p/binjiang/rewards/", "/p/west/rewards/")

    def seen() -> list[bool]:
        pairs = zip(owners, lists, strict=True)
        return ["桂花乌龙" in who.get(page).text for who, page in pairs]

    assert seen() == [False, False]
    assert group.post(f"{made.location}/offer").location == made.location
    assert seen() == [True, True]
    assert clerk.get(draft).status_code == 200
    group.post(f"{made.location}/offer", data={"withdraw": "1"})
    assert seen() == [False, False]
    acts = list(db.session.execute(sa.select(AuditEntry.action, AuditEntry.project_id)))
    mine = [(act, where) for act, where in acts if act.startswith("rewards.")]
    assert {act for act, _ in mine} == {
        f"rewards.{act}"
        for act in ("item_written", "item_shown", "item_withdrawn", "stock_moved")
    }  # fmt: skip
    assert {where for _, where in mine} == {None}


def test_its_list_is_the_clubs_alone_searched_and_taken_as_a_file(group, make_item):
    empty = group.get(PAGE).text
    assert f"{PAGE}new" in empty
    make_item(title="桂花乌龙", project_id=None)
    make_item(title="滨江好礼")
    page = group.get(PAGE).text
    assert ("桂花乌龙" in page, "滨江好礼" in page) == (True, False)
    assert "桂花乌龙" not in group.get(f"{PAGE}?q=没有").text
    file = group.post("/centre/rewards/items.csv", buffered=True).data.decode("utf-8-sig")
    assert ("桂花乌龙" in file, "滨江好礼" in file) == (True, False)
    assert group.post("/centre/rewards/items.exe").status_code == 404


def test_a_projects_item_is_not_the_groups_to_change(group, make_item):
    mine = make_item().public_id
    for page in (mine, f"{mine}/edit"):
        assert group.get(f"{PAGE}{page}").status_code == 404
    assert group.post(f"{PAGE}{mine}/offer", data={"withdraw": "1"}).status_code == 404


def test_the_club_offers_nothing_that_needs_a_projects_partner_or_company(group):
    for kind in ("voucher", "fee"):
        assert group.post(f"{PAGE}new", data=form(kind=kind)).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Item.id))) == 0


def test_who_works_for_one_project_writes_nothing_of_the_clubs(app, client, place, make_item):
    club = make_item(project_id=None).public_id
    clerk = factories.sign_in(client, place.clerk)
    for page in ("", "new", club, f"{club}/edit"):
        assert clerk.get(f"{PAGE}{page}").status_code == 403
    assert clerk.post(f"{PAGE}{club}/offer", data={"withdraw": "1"}).status_code == 403


def test_the_list_asks_as_often_for_thirty_items_as_for_one(group, make_item):
    make_item(project_id=None)
    group.get(PAGE)
    with counted() as one:
        group.get(PAGE)
    for _ in range(29):
        make_item(project_id=None)
    with counted() as thirty:
        group.get(PAGE)
    assert len(one) == len(thirty) <= 8


def test_a_limit_frees_up_in_its_next_period_in_every_project(place, make_item):
    """A month is the project's own; what was had in one project counts in the other."""
    west = factories.make_project(slug="west")
    switch_on("rewards", west)
    db.session.commit()
    item = make_item(project_id=None, member_most=1, member_period=Period.MONTH, price=0)
    start = clock.now().replace(day=15, hour=4)

    def reserve(project, at):
        return ordering.reserve(
            item_id=item.id, member=place.owner, project=project, quantity=1, price_seen=0, at=at
        )

    order = reserve(place.ref, start)
    ordering.place(order=order, member=place.owner, project=place.ref, note="", days=7, at=start)
    for project in (place.ref, project_ref(west)):
        with pytest.raises(RewardError) as refused:
            reserve(project, start + timedelta(days=1))
        assert refused.value.code == "MEMBER_LIMIT"
    later = reserve(place.ref, start + timedelta(days=30))
    assert order.member_period != later.member_period

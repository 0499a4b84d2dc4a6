"""A household asks for its joined complaint to be taken apart: moderators, then the group."""

import pytest
import sqlalchemy as sa

from plugins.complaints import looks, merging
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.models import Act, Review
from plugins.complaints.states import State
from portal.extensions import db
from portal.notifications.models import Notification
from tests import factories
from tests.plugins.complaints.conftest import sound

LIST = "/p/binjiang/complaints/"
DESK = "/p/binjiang/staff/complaints/"


@pytest.fixture
def guard(place):
    """A moderator of the project."""
    return factories.make_staff("moderator", place.project, display_name="周版主")


@pytest.fixture
def joined(place, make_case, guard):
    """A complaint of the owner's that was joined into the neighbour's."""
    case, into = make_case("电梯异响"), make_case("电梯门关不上", member=place.neighbour)
    merging.merge(actor=guard, case_id=case.id, into_id=into.id, project=place.ref)
    db.session.commit()
    return case


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


@pytest.fixture
def moderator(app, guard):
    return factories.sign_in(app.test_client(), guard)


def only_look():
    db.session.expire_all()
    return db.session.scalars(sa.select(Review)).one()


def test_a_tap_goes_to_the_moderators_who_take_apart(
    app, owner, moderator, place, joined, make_case
):
    page = f"{LIST}{joined.public_id}"
    assert "/apart" in owner.get(page).text
    neighbour = factories.sign_in(app.test_client(), place.neighbour)
    assert neighbour.post(f"{page}/apart").status_code == 404
    for _ in range(2):
        assert owner.post(f"{page}/apart").status_code == 303
    assert "/apart" not in owner.get(page).text
    assert (only_look().reasons, only_look().reports) == ({"apart": 1}, 1)
    look = f"{DESK}moderation/{only_look().public_id}"
    assert 'name="joined"' in moderator.get(look).text
    assert moderator.post(look, data={"joined": "apart"}).status_code == 303
    assert (sound(joined).state, only_look().state) == (State.IN_PROGRESS, "kept")
    assert owner.post(f"{page}/apart").status_code == 409
    apart = make_case("从未并过")
    assert owner.post(f"{LIST}{apart.public_id}/apart").status_code == 409


def test_what_stays_joined_is_told_and_appealed_to_the_group(app, owner, moderator, place, joined):
    first = db.session.scalars(sa.select(Act).where(Act.kind == "merge")).one()
    assert "<textarea" not in owner.get(f"{LIST}acts/{first.public_id}").text
    owner.post(f"{LIST}{joined.public_id}/apart")
    data = {"joined": "stay", "note": "是同一部电梯"}
    look = f"{DESK}moderation/{only_look().public_id}"
    assert moderator.post(look, data=data).status_code == 303
    assert sound(joined).state == State.MERGED
    stays = db.session.scalars(sa.select(Act).where(Act.reason == "stays")).one()
    told = sa.select(Notification.url).where(Notification.kind == "complaints.moderated")
    assert any(stays.public_id in url for url in db.session.scalars(told))
    page = f"{LIST}acts/{stays.public_id}"
    assert "是同一部电梯" in owner.get(page).text
    assert owner.post(f"{LIST}{joined.public_id}/apart").status_code == 303
    assert len(db.session.scalars(sa.select(Review)).all()) == 1
    assert owner.post(page, data={"body": "不是同一部"}).status_code == 303
    centre = factories.sign_in(app.test_client(), place.centre)
    decision = {"verdict": "overturn", "body": "确是两部电梯"}
    appeal = f"{DESK}moderation/appeals/{stays.public_id}"
    assert centre.post(appeal, data=decision).status_code == 303
    assert sound(joined).state == State.IN_PROGRESS
    assert owner.get(f"{LIST}rules").status_code == 200


def test_an_objection_that_nobody_reads_rises_to_the_group(owner, place, joined):
    owner.post(f"{LIST}{joined.public_id}/apart")
    look = only_look()
    with acting_at(database_now() + (look.due_at - look.created_at)):
        assert looks.release(review_id=look.id, case_id=look.case_id, project=place.ref)
        db.session.commit()
    assert (only_look().state, only_look().raised) == ("open", True)


def test_who_has_one_of_them_in_charge_does_not_take_apart(place, joined, guard, moderator):
    joined.assignee_id = guard.id
    db.session.commit()
    assert moderator.post(f"{DESK}{joined.public_id}/unmerge").status_code == 409
    assert sound(joined).state == State.MERGED

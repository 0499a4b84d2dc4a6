"""Complaints by telephone and at the desk."""

import pytest
import sqlalchemy as sa

from plugins.complaints.models import Case, LogEntry
from portal.accounts.models import Account
from portal.extensions import db
from portal.notifications.models import Notification
from portal.sdk import homes_of
from tests import factories
from tests.plugins.complaints.conftest import sound

PAGE = "/p/binjiang/staff/complaints/take-down"


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


def phone_of(place):
    return db.session.get_one(Account, place.member.account_id).phone


def said(place, **changed):
    return {
        "phone": phone_of(place),
        "channel": "hotline",
        "category": "lift",
        "home": homes_of(place.owner, place.ref)[0].public_id,
        "title": "2 号楼电梯夜间异响",
        "body": "业主来电：晚上十点以后特别响。",
        "ring": "private",
        **changed,
    }


def test_what_is_said_by_telephone_becomes_the_members_case(clerk, client, place):
    assert clerk.get(PAGE).status_code == 200
    found = clerk.post(PAGE, data={"phone": phone_of(place)})
    assert (found.status_code, place.member.name in found.text) == (200, True)
    made = clerk.post(PAGE, data=said(place))
    case = sound(db.session.scalars(sa.select(Case)).one())
    assert made.location.endswith(case.public_id)
    assert (case.member_id, case.channel, case.ring) == (place.member.id, "hotline", "private")
    first = db.session.scalars(sa.select(LogEntry)).one()
    assert (first.by, first.account_id) == ("staff", place.clerk.id)
    assert "电话" in clerk.get(made.location).text
    told = db.session.scalars(sa.select(Notification.kind)).all()
    assert told == ["complaints.taken_down"]
    owner = factories.sign_in(client, place.member)
    assert "电话" in owner.get(f"/p/binjiang/complaints/{case.public_id}").text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"phone": "13900139000"}, 422),
        ({"phone": "12"}, 422),
        ({"body": ""}, 422),
        ({"channel": "forum"}, 422),
        ({"category": "nothing"}, 422),
    ],
)
def test_what_does_not_fit_is_refused_and_kept(clerk, place, changed, status):
    answer = clerk.post(PAGE, data=said(place, **changed))
    assert answer.status_code == status
    if "phone" not in changed:
        assert "2 号楼电梯夜间异响" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Case.id))) == 0


def test_personal_numbers_in_public_words_are_asked_about(clerk, place):
    answer = clerk.post(PAGE, data=said(place, ring="alias", body="请打 13912345678 找我"))
    assert (answer.status_code, 'value="mask"' in answer.text) == (422, True)


def test_only_the_staff_of_the_project_take_complaints_down(app, place):
    other = factories.make_staff("staff", factories.make_project(slug="elsewhere"))
    for account in (place.member, other):
        answer = factories.sign_in(app.test_client(), account).get(PAGE)
        assert answer.status_code == 403

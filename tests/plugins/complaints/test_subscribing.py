"""Following a complaint, and the feed of the forum."""

from xml.etree import ElementTree as Xml

import pytest
import sqlalchemy as sa

from plugins.complaints import deciding, handling, merging, posting
from plugins.complaints.casework import lock
from plugins.complaints.models import Follow
from plugins.complaints.states import Level, Ring, Veil
from plugins.complaints.subscribing import service
from portal.extensions import db
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref
from portal.projects.models import EndReason, Ownership
from tests import factories
from tests.plugins.events.test_registering import run_jobs

FORUM = "/p/binjiang/complaints/"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def neighbour(app, place):
    return factories.sign_in(app.test_client(), place.neighbour)


def answer(app, place, case):
    case = lock(case.id)
    handling.answer(
        actor=place.clerk,
        rank=Level.PROJECT,
        case_id=case.id,
        project=place.ref,
        step="reply",
        body="今晚检修",
        version=case.version,
    )
    db.session.commit()
    run_jobs(app)


def move(member, *, out):
    home = db.session.scalars(sa.select(Ownership).filter_by(member_id=member.id)).one()
    home.until, home.end_reason = (home.since, EndReason.SALE) if out else (None, None)
    db.session.commit()


def told(member):
    kind = sa.select(sa.func.count()).where(
        Notification.account_id == member.account_id, Notification.kind == "complaints.news"
    )
    return db.session.scalar(kind)


def test_who_follows_hears_once_of_each_answer(app, neighbour, place, make_case):
    case = make_case()
    page = f"{FORUM}{case.public_id}"
    assert "关注" in neighbour.get(page).text
    for _ in range(2):
        assert neighbour.post(f"{page}/follow").status_code == 303
    assert "不再关注" in neighbour.get(page).text
    answer(app, place, case)
    assert (told(place.neighbour), told(place.member)) == (1, 0)
    run_jobs(app)
    assert told(place.neighbour) == 1
    neighbour.post(f"{page}/unfollow")
    answer(app, place, case)
    assert told(place.neighbour) == 1


def test_who_joins_follows_and_hears_that_it_is_over(app, place, make_case):
    case = make_case()
    posting.me_too(case_id=case.id, member=member_ref(place.neighbour))
    db.session.commit()
    deciding.withdraw(
        case_id=case.id, member=place.owner, project=place.ref, version=lock(case.id).version
    )
    db.session.commit()
    run_jobs(app)
    assert told(place.neighbour) == 1


def test_who_takes_the_household_out_hears_no_more(app, place, make_case):
    case = make_case()
    posting.me_too(case_id=case.id, member=member_ref(place.neighbour))
    answer(app, place, case)
    posting.not_me(case_id=case.id, member=member_ref(place.neighbour))
    answer(app, place, case)
    assert told(place.neighbour) == 1


def test_a_joined_complaints_owner_and_followers_hear_of_the_other(app, place, make_case):
    case, into = make_case(member=place.neighbour), make_case()
    third = factories.make_owner(place.project)
    service.follow(case=case, member=member_ref(third))
    merging.merge(actor=place.clerk, case_id=case.id, into_id=into.id, project=place.ref)
    answer(app, place, into)
    assert (told(place.neighbour), told(third), told(place.member)) == (1, 1, 0)


def test_nobody_hears_of_what_is_hidden_or_no_longer_theirs(app, place, make_case):
    case = make_case()
    service.follow(case=case, member=member_ref(place.neighbour))
    lock(case.id).veil = Veil.HELD
    answer(app, place, case)
    assert told(place.neighbour) == 0
    lock(case.id).veil = Veil.NONE
    move(place.neighbour, out=True)
    answer(app, place, case)
    assert told(place.neighbour) == 0


def test_only_what_one_may_read_is_followed(neighbour, place, make_case):
    case = make_case(ring=Ring.PRIVATE)
    assert neighbour.post(f"{FORUM}{case.public_id}/follow").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count(Follow.id))) == 0


def feed_of(client):
    page = client.post(f"{FORUM}feed").text
    return page.split('id="link" value="')[1].split('"')[0].removeprefix("http://localhost")


def test_the_feed_has_public_titles_and_no_names(app, neighbour, place, make_case):
    public, alias = make_case("电梯 <b>异响</b> & 抖动"), make_case("门禁坏了")
    make_case("只给物业看", ring=Ring.PRIVATE)
    hidden = make_case("被扣留的话")
    lock(hidden.id).veil = Veil.HELD
    db.session.commit()
    assert "订阅" in neighbour.get(f"{FORUM}feed").text
    address = feed_of(neighbour)
    stranger = app.test_client()
    found = stranger.get(address)
    assert found.mimetype == "application/atom+xml"
    feed = Xml.fromstring(found.data)  # noqa: S314 - our own
    titles = {each.findtext(f"{ATOM}title") for each in feed.iter(f"{ATOM}entry")}
    assert titles == {f"{each.code} {each.title}" for each in (public, alias)}
    assert feed.findtext(f"{ATOM}id").endswith(FORUM)
    for secret in ("只给物业看", "被扣留的话", place.member.name, "从 15 楼", "2 号楼"):
        assert secret not in found.text
    again = stranger.get(address, headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    # A newer link ends the older one; withdrawn or without a home there is nothing.
    newer = feed_of(neighbour)
    assert stranger.get(address).status_code == 404
    move(place.neighbour, out=True)
    assert stranger.get(newer).status_code == 404
    move(place.neighbour, out=False)
    assert stranger.get(newer).status_code == 200
    neighbour.post(f"{FORUM}feed/withdraw")
    assert stranger.get(newer).status_code == 404

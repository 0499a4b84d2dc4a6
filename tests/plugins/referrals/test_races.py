"""Many at once, each in a thread with a connection of its own: one owner a friend."""

import threading
from collections import Counter

import sqlalchemy as sa

from plugins.referrals import consent, inviting, stages
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, Lead, Referrer, Step
from plugins.referrals.states import ACTIVE, State
from portal import clock
from portal.extensions import db
from portal.facts.models import Fact
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.referrals.conftest import code_of, make_rules
from tests.plugins.referrals.test_consent import E164


def at_once(app, acts):
    """Run every act in a thread of its own, all beginning together; return what came of them."""
    start, outcomes = threading.Barrier(len(acts)), Counter()

    def work(act):
        with app.app_context():
            start.wait()
            try:
                outcomes["done" if act() else "none"] += 1
                db.session.commit()
            except ReferralError as error:
                db.session.rollback()
                outcomes[error.code] += 1
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    db.session.rollback()
    db.session.expire_all()
    return outcomes


def active() -> int:
    return db.session.scalar(sa.select(sa.func.count(Lead.id)).where(Lead.state.in_(ACTIVE)))


def test_two_reports_of_one_friend_in_one_instant(app, place):
    project = place.ref
    owners = [factories.make_owner(place.project) for _ in range(12)]
    numbers = [code_of(place, owner).id for owner in owners]

    def agreeing(number):
        return lambda: consent.agree_by_link(
            project=project,
            referrer=db.session.get_one(Referrer, number),
            name="周先生",
            phone=E164,
            words="同意",
            at=clock.now(),
        )

    outcomes = at_once(app, [agreeing(number) for number in numbers])
    assert outcomes == {"done": 1, "LeadProtectedByOther": 11}
    assert active() == 1


def test_consents_to_many_invitations_in_one_instant(app, place):
    project, invited = place.ref, []
    for _ in range(8):
        owner = factories.make_owner(place.project)
        lead, _link = inviting.invite(
            project=project,
            member=member_ref(owner),
            referrer=code_of(place, owner),
            phone=E164,
            at=clock.now(),
        )
        db.session.commit()
        invited.append(lead.id)

    def agreeing(number):
        return lambda: consent.agree_to_invitation(
            project=project,
            lead=db.session.get_one(Lead, number),
            name="周先生",
            phone=E164,
            words="同意",
            at=clock.now(),
        )

    outcomes = at_once(app, [agreeing(number) for number in invited])
    assert outcomes["done"] == 1
    assert sum(outcomes.values()) == 8
    assert set(outcomes) <= {"done", "none", "ReferralExpired"}
    assert active() == 1
    states = Counter(db.session.scalars(sa.select(Lead.state)))
    assert states == {"reported": 1, "lapsed": 7}
    left = sa.select(sa.func.count(Lead.id)).where(Lead.phone_hash.is_not(None))
    assert db.session.scalar(left) == 1
    steps = sa.select(sa.func.count(Step.id)).where(Step.step == "consented")
    assert db.session.scalar(steps) == 1


def test_one_code_however_often_it_is_asked_for(app, place):
    project, member = place.ref, place.owner
    outcomes = at_once(app, [lambda: inviting.join(project=project, member=member)] * 8)
    assert outcomes == {"done": 8}
    assert db.session.scalar(sa.select(sa.func.count(Referrer.id))) == 1


def test_the_days_limit_holds_at_its_edge(app, place):
    make_rules(place.project, version=2, most_a_day=3)
    number, project, member = code_of(place).id, place.ref, place.owner

    def inviting_one(phone):
        return lambda: inviting.invite(
            project=project,
            member=member,
            referrer=db.session.get_one(Referrer, number),
            phone=phone,
            at=clock.now(),
        )

    phones = [factories.make_phone() for _ in range(8)]
    outcomes = at_once(app, [inviting_one(phone) for phone in phones])
    assert outcomes == {"done": 3, "ProfileLimitReached": 5}


def test_a_stage_from_many_at_once_counts_once(app, place, make_lead):
    lead = make_lead(E164)
    number, project, version = lead.id, place.ref, place.rules.id
    at = clock.now()
    db.session.execute(sa.update(Lead).values(state="visited", arrived_at=at))
    db.session.commit()

    def choosing():
        return stages.advance(
            actor=None,
            project=project,
            lead=db.session.get_one(Lead, number),
            rules=db.session.get_one(Campaign, version),
            to=State.SUBSCRIBED,
            on=clock.business_date("Asia/Shanghai"),
            at=at,
        )

    outcomes = at_once(app, [choosing] * 10)
    assert outcomes == {"done": 1, "none": 9}
    steps = sa.select(sa.func.count(Step.id)).where(Step.step == "subscribed")
    assert db.session.scalar(steps) == 1
    facts = sa.select(sa.func.count(Fact.id)).where(Fact.source == "referrals.subscribed")
    assert db.session.scalar(facts) == 1

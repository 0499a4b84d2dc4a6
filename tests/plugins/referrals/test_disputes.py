"""Disputes: heard, decided by somebody outside the sale, appealed once; rewards wait."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.referrals import consent, disputes, posting, stages
from plugins.referrals.errors import ReferralError
from plugins.referrals.jobs import close_disputes, keep_clock
from plugins.referrals.models import Dispute, Lead, Reward
from plugins.referrals.models.disputes import Outcome
from plugins.referrals.shares.service import shares_of
from portal import clock
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from portal.sdk import points_balance
from tests import factories
from tests.plugins.referrals.conftest import code_of
from tests.plugins.referrals.test_races import at_once
from tests.plugins.referrals.test_rewards import DESK, cancel, promise, rewards, sell

PHONE = "+8613900139000"


class Run:
    """A run of a job that notes nothing."""

    done = 0

    def checkpoint(self, *, done):
        self.done = done
        db.session.commit()


@pytest.fixture
def judge(app, place):
    """Somebody who may decide and had nothing to do with the sale."""
    return factories.make_staff("manager", place.project)


def rejected(place, make_lead, *, member=None):
    lead = make_lead(PHONE, member=member)
    stages.reject(
        actor=place.verifier, project=place.ref, lead=lead, reason="LeadKnownToProject", words="",
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    return lead


def dispute(place, lead, side="staff", actor=None):
    made = disputes.open_dispute(
        actor=actor or place.adviser, project=place.ref, lead=lead, words="先到先得", side=side,
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    return made


def decide(place, found, outcome, actor, **values):
    disputes.decide(
        actor=actor, project=place.ref, dispute=found, outcome=Outcome(outcome), words="依据登记",
        at=clock.now(), appeal_days=7, **values,
    )  # fmt: skip
    db.session.commit()


def finish(place, found):
    """Let the time to appeal pass."""
    db.session.execute(sa.update(Dispute).values(appeal_until=clock.now() - timedelta(minutes=1)))
    db.session.commit()
    close_disputes(Run())
    db.session.refresh(found)
    assert found.state == "final"


def test_an_owner_objects_on_the_phone_and_wins(app, client, place, make_lead, judge):
    promise(place, "visited", 200_000)
    lead = make_lead(PHONE)
    stages.note_arrival(
        actor=place.verifier, project=place.ref, lead=lead, rules=place.rules, at=clock.now()
    )
    stages.reject(
        actor=place.verifier, project=place.ref, lead=lead, reason="NoticeTooShort", words="",
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    owner = factories.sign_in(client, place.member)
    page = f"/p/binjiang/referrals/leads/{lead.public_id}"
    assert f"{page}/dispute" in owner.get(page).text
    assert owner.post(f"{page}/dispute/appeal", data={"words": "x"}).status_code == 409
    assert owner.post(f"{page}/dispute", data={"words": " "}).status_code == 422
    assert owner.post(f"{page}/dispute", data={"words": "我提前一小时报备"}).status_code == 303
    assert owner.post(f"{page}/dispute", data={"words": "再来"}).status_code == 409
    assert owner.post(f"{page}/dispute/evidence", data={"words": "有截图"}).status_code == 303
    stranger = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    assert stranger.get(f"{page}/dispute").status_code == 404
    found = db.session.scalars(sa.select(Dispute)).one()
    room = f"{DESK}disputes/{found.public_id}"
    verifier = factories.sign_in(app.test_client(), place.verifier)
    assert verifier.get(room).status_code == 403
    desk = factories.sign_in(app.test_client(), judge)
    for seen in ("我提前一小时报备", "有截图", "该业主没有参与"):
        assert (seen in desk.get(room).text) == (seen != "该业主没有参与")
    assert found.public_id in desk.get(f"{DESK}disputes").text
    answer = {"outcome": "keep", "words": "报备在前"}
    assert desk.post(f"{room}/decide", data={"outcome": "keep"}).status_code == 422
    assert desk.post(f"{room}/decide", data={**answer, "outcome": "x"}).status_code == 422
    assert desk.post(f"{room}/decide", data=answer).status_code == 303
    assert desk.post(f"{room}/decide", data=answer).status_code == 409
    shown = owner.get(f"{page}/dispute").text
    assert ("报备在前" in shown, "有截图" in shown) == (True, True)
    db.session.refresh(lead)
    assert lead.state == "rejected"
    finish(place, found)
    db.session.refresh(lead)
    assert (lead.state, lead.reason, lead.disputed_at) == ("visited", "", None)
    assert rewards() == [("posted", 200_000, "")]
    assert owner.post(f"{page}/dispute/appeal", data={"words": "x"}).status_code == 409


def test_who_is_in_the_sale_does_not_decide(place, make_lead, judge):
    lead = rejected(place, make_lead)
    found = dispute(place, lead, "owner", db.session.get_one(type(judge), place.member.account_id))
    for actor in (place.verifier, db.session.get_one(type(judge), place.member.account_id)):
        with pytest.raises(ReferralError, match="IN_THE_SALE"):
            decide(place, found, "keep", actor)
    decide(place, found, "deny", judge)
    act = {"project": place.ref, "dispute": found, "lead": lead, "words": "不服", "at": clock.now()}
    disputes.appeal(actor=place.adviser, **act, side="owner")
    with pytest.raises(ReferralError, match="IN_THE_SALE"):
        decide(place, found, "keep", judge)
    other = factories.make_staff("manager", place.project)
    decide(place, found, "keep", other)
    assert (found.state, lead.state) == ("final", "accepted")
    with pytest.raises(ReferralError, match="NOT_NOW"):
        disputes.appeal(actor=place.adviser, **act, side="owner")
    with pytest.raises(ReferralError, match="ALREADY_DISPUTED"):
        dispute(place, lead)


def test_rewards_are_frozen_and_the_clock_stands_still(place, make_lead, judge):
    promise(place, "visited", 300_000, kind="cash", at_once=False)
    promise(place, "subscribed", 200_000)
    lead = make_lead(PHONE)
    sell(place, lead)
    (reward,) = db.session.scalars(sa.select(Reward))
    posting.approve(actor=place.manager, project=place.ref, reward=reward)
    found = dispute(place, lead)
    sell(place, lead, "subscribed")
    assert rewards() == [("held", 300_000, "DISPUTED"), ("held", 200_000, "DISPUTED")]
    db.session.execute(sa.update(Lead).values(state="visited", ends_at=clock.now()))
    db.session.commit()
    keep_clock(Run())
    db.session.refresh(lead)
    assert lead.state == "visited"
    decide(place, found, "keep", judge)
    finish(place, found)
    assert rewards() == [("earned", 300_000, ""), ("posted", 200_000, "")]


def test_moved_to_another_owner_the_ledger_follows(place, make_lead, judge):
    promise(place, "visited", 200_000)
    promise(place, "signed", 100_001, kind="cash", at_once=False)
    promise(place, "signed", 50_000, kind="cash", at_once=False, beneficiary="friend")
    other = factories.make_owner(place.project)
    lead = make_lead(PHONE)
    sell(place, lead, "subscribed", "signed")
    found = dispute(place, lead)
    with pytest.raises(ReferralError, match="NO_OTHER"):
        decide(place, found, "move", judge)
    decide(place, found, "move", judge, other=code_of(place, other))
    assert points_balance(place.owner).available == 200_000
    finish(place, found)
    db.session.refresh(lead)
    assert points_balance(place.owner).available == 0
    assert points_balance(member_ref(other)).available == 200_000
    assert sorted(rewards()) == [
        ("earned", 50_000, ""), ("earned", 100_001, ""), ("posted", -200_000, "moved"),
        ("posted", 200_000, ""), ("posted", 200_000, ""), ("void", 100_001, "moved"),
    ]  # fmt: skip
    cancel(place, lead)
    assert points_balance(member_ref(other)).available == 0


def test_shares_make_the_whole_to_the_fen(app, client, place, make_lead, judge):
    promise(place, "visited", 100_001, kind="cash", at_once=False)
    promise(place, "visited", 200_003)
    other = factories.make_owner(place.project)
    lead = make_lead(PHONE)
    sell(place, lead)
    found = dispute(place, lead)
    desk = factories.sign_in(client, judge)
    form = {"outcome": "split", "words": "各半", "share": "67", "other_share": "33"}
    form["other"] = code_of(place, other).code
    room = f"{DESK}disputes/{found.public_id}/decide"
    for wrong in ({"share": "50"}, {"share": "100", "other_share": "0"}, {"other": "?"}):
        assert desk.post(room, data={**form, **wrong}).status_code == 422
    assert desk.post(room, data=form).status_code == 303
    finish(place, db.session.scalars(sa.select(Dispute)).one())
    parts = dict.fromkeys(("cash", "points"), 0)
    for reward in db.session.scalars(sa.select(Reward).where(Reward.reckoning == 2)):
        parts[reward.kind] += reward.amount
    assert parts == {"cash": 100_001, "points": 200_003}
    assert points_balance(member_ref(other)).available == 200_003 * 33 // 100
    mine, theirs = (factories.sign_in(app.test_client(), each) for each in (place.member, other))
    page = f"/p/binjiang/referrals/leads/{lead.public_id}"
    assert ("67%" in mine.get(page).text, "33%" in theirs.get(page).text) == (True, True)
    assert "¥330" in theirs.get(page).text
    assert "¥330" not in mine.get(page).text
    assert lead.public_id in theirs.get("/p/binjiang/referrals/").text


def test_a_friend_of_two_owners_is_merged_or_shared(place, make_lead, judge):
    promise(place, "visited", 200_000)
    first = rejected(place, make_lead)
    other = factories.make_owner(place.project)
    second = make_lead(PHONE, member=other)
    sell(place, second)
    found = dispute(place, first)
    assert found.rival_id == second.id
    assert second.disputed_at is not None
    decide(place, found, "split", judge, share=40)
    finish(place, found)
    for lead in (first, second):
        db.session.refresh(lead)
    assert (first.state, first.merged_into_id) == ("merged", second.id)
    assert [share for _, share in shares_of(second)] == [60, 40]
    assert points_balance(place.owner).available == 80_000
    assert points_balance(member_ref(other)).available == 120_000
    assert second.disputed_at is None


def test_denied_it_counts_for_nobody(place, make_lead, judge):
    promise(place, "visited", 200_000)
    lead = make_lead(PHONE)
    sell(place, lead)
    found = dispute(place, lead)
    decide(place, found, "deny", judge)
    finish(place, found)
    db.session.refresh(lead)
    assert (lead.state, lead.reason) == ("rejected", "denied")
    assert points_balance(place.owner).available == 0


def test_a_disputed_friend_is_nobody_elses_meanwhile(place, make_lead):
    dispute(place, rejected(place, make_lead))
    with pytest.raises(ReferralError, match="LeadProtectedByOther"):
        make_lead(PHONE, member=factories.make_owner(place.project))


def test_two_who_open_and_two_who_decide_at_once(app, place, make_lead, judge):
    lead, project = rejected(place, make_lead).id, place.ref
    accounts = [place.adviser.id, place.manager.id]

    def opening(number):
        return lambda: disputes.open_dispute(
            actor=db.session.get_one(type(judge), number), project=project,
            lead=db.session.get_one(Lead, lead), words="异议", side="staff", at=clock.now(),
        )  # fmt: skip

    outcomes = at_once(app, [opening(number) for number in accounts * 2])
    assert outcomes == {"done": 1, "ALREADY_DISPUTED": 3}
    judges = [judge.id, factories.make_staff("manager", place.project).id]
    found = db.session.scalars(sa.select(Dispute.id)).one()
    db.session.commit()

    def deciding(number, outcome):
        def act():
            disputes.decide(
                actor=db.session.get_one(type(judge), number), project=project,
                dispute=db.session.get_one(Dispute, found), outcome=outcome, words="依据",
                at=clock.now(), appeal_days=7,
            )  # fmt: skip
            return True

        return act

    acts = [deciding(judges[0], Outcome.KEEP), deciding(judges[1], Outcome.DENY)]
    assert at_once(app, acts) == {"done": 1, "NOT_NOW": 1}


def test_a_friend_who_withdraws_leaves_the_other_owner_alone(place, make_lead, judge):
    promise(place, "visited", 200_000)
    first = rejected(place, make_lead)
    other = factories.make_owner(place.project)
    second = make_lead(PHONE, member=other)
    found = dispute(place, first)
    sell(place, second)
    consent.withdraw(project=place.ref, lead=first, at=clock.now())
    db.session.commit()
    for each in (found, second):
        db.session.refresh(each)
    assert (found.state, found.final_by) == ("final", None)
    assert (second.state, second.disputed_at) == ("visited", None)
    assert points_balance(member_ref(other)).available == 200_000
    with pytest.raises(ReferralError):
        decide(place, found, "deny", judge)

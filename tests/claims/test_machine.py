"""The states of a claim, tried in any order."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import Account
from portal.claims.decisions import Approval, Decision, Resolution, decide
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.models import (
    OPEN_STATES,
    TRANSITIONS,
    ClaimEvent,
    ClaimReason,
    ClaimState,
    UnitClaim,
)
from portal.claims.moves import move
from portal.claims.service import add_proof, submit_claim, withdraw_claim
from portal.extensions import db
from portal.files.pictures import Picture
from portal.projects.models import Ownership, Role
from portal.projects.queries import OWNING_ROLES, people_of
from tests.factories import make_member, make_project, make_staff, make_unit, picture_bytes

DATA = picture_bytes((64, 64), "JPEG")
ACTS = ("approve", "approve_sale", "approve_share", "more", "refuse", "proof", "withdraw")
STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTS)), max_size=12)


@pytest.mark.parametrize(("origin", "target"), [*itertools.product(ClaimState, ClaimState)])
def test_only_the_listed_steps_are_taken(app, origin, target):
    project = make_project()
    unit, member = make_unit(project), make_member()
    claim = UnitClaim(
        project_id=project.id,
        member_id=member.id,
        unit_id=unit.id,
        building="2",
        number="1",
        address="2",
        name="陈明",
        role=Role.OWNER,
        state=origin,
    )
    db.session.add(claim)
    db.session.commit()
    if target in TRANSITIONS[origin]:
        move(claim, target, actor=None, reason=ClaimReason.OTHER)
        assert claim.state == target
        assert (claim.decided_at is not None) == (not TRANSITIONS[target])
    else:
        with pytest.raises(IllegalTransitionError) as illegal:
            move(claim, target, actor=None, reason=ClaimReason.OTHER)
        assert illegal.value.state == origin == claim.state
    db.session.commit()


class Club:
    """One home, three members who claim it, one of the staff."""

    def __init__(self):
        slug = f"p{db.session.query(UnitClaim).count()}x{id(self)}"[:38]
        self.project = make_project(slug=slug)
        self.unit = make_unit(self.project)
        self.staff = make_staff("staff", self.project)
        self.members = [make_member(name=name) for name in ("陈明", "林晓芸", "何平")]
        self.claims = [self.submit(member) for member in self.members]

    def picture(self):
        return Picture(DATA, 64, 64, "a.jpg")

    def account(self, member):
        return db.session.get(Account, member.account_id)

    def submit(self, member):
        claim = submit_claim(
            actor=self.account(member),
            member=member,
            project=self.project,
            building="2",
            entrance="",
            number="1502",
            role=Role.OWNER,
            name=member.name,
            pictures=[self.picture()],
        )
        db.session.commit()
        return claim

    def act(self, who, what):
        member, claim = self.members[who], self.claims[who]
        if what == "proof":
            add_proof(
                actor=self.account(member), member=member, claim=claim, pictures=[self.picture()]
            )
        elif what == "withdraw":
            withdraw_claim(actor=self.account(member), claim=claim)
        else:
            decide(actor=self.staff, claim=claim, **self.answer(what))

    def answer(self, what):
        if what == "more":
            return {"decision": Decision.MORE, "reason": ClaimReason.NAME_DIFFERS}
        if what == "refuse":
            return {"decision": Decision.REFUSE, "reason": ClaimReason.NOT_ENTITLED}
        present = people_of(self.unit.id)
        ended_on = max((person.since for person in present), default=None)
        resolution = {"approve_sale": Resolution.SALE, "approve_share": Resolution.CO_OWNER}
        return {
            "decision": Decision.APPROVE,
            "reason": ClaimReason.PROOF_GOOD,
            "approval": Approval(resolution=resolution.get(what), ended_on=ended_on),
        }


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_no_order_of_acts_breaks_the_home(app, steps):
    club = Club()
    for who, what in steps:
        before = [claim.state for claim in club.claims]
        try:
            club.act(who, what)
            db.session.commit()
        except (ClaimError, IllegalTransitionError):
            db.session.rollback()
            # What was refused changed nothing.
            assert [claim.state for claim in club.claims] == before
        else:
            assert club.claims[who].state in TRANSITIONS[ClaimState(before[who])]
        check(club)


def check(club):
    """What holds after every act."""
    people = people_of(club.unit.id)
    db.session.refresh(club.unit)
    owners = [person for person in people if person.role == Role.OWNER]
    assert len(owners) <= 1
    owning = {person.member.household_id for person in people if person.role in OWNING_ROLES}
    assert club.unit.household_id in (owning or {None})
    approved = {claim.member_id for claim in club.claims if claim.state == ClaimState.APPROVED}
    ever = set(db.session.query(Ownership.member_id).filter_by(unit_id=club.unit.id).all())
    assert {row[0] for row in ever} == approved
    for claim in club.claims:
        events = db.session.query(ClaimEvent).filter_by(claim_id=claim.id)
        last = events.order_by(ClaimEvent.created_at.desc(), ClaimEvent.id.desc()).first()
        assert last.to_state == claim.state
        assert (claim.decided_at is None) == (claim.state in OPEN_STATES)

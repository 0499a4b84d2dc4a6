"""One person's adjustments of one member in a day: what is beyond the limit needs a second."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Member
from portal.outbox.models import DomainEventRow
from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.ledger import MOST
from portal.points.models import Proposal, Transaction
from portal.points.models.currencies import ALONE
from portal.points.proposals import adjust, decide, take_back
from portal.points.terms import Posting
from tests.factories import make_follower, make_project, make_staff
from tests.points.helpers import damage, earn, figures, key, reverse, spend
from tests.points.test_races import at_once


@pytest.fixture
def desk(app: Any) -> dict[str, Any]:
    """A member with points, and two of the staff."""
    project = make_project()
    member = make_follower(project)
    earn(member, ALONE)
    return {
        "project": project,
        "member": member,
        "first": make_staff("staff", project),
        "second": make_staff("manager", project),
    }


def act(
    desk: Any, amount: int, *, by: str = "first", kind: Kind = Kind.AWARD, **values: Any
) -> Posting | Proposal:
    """Adjust a member's points by hand, and commit."""
    done = adjust(
        actor=desk[by],
        member=values.pop("member", desk["member"]),
        project_id=desk["project"].id,
        kind=kind,
        amount=amount,
        reason=values.pop("reason", "because"),
        key=values.pop("key", None) or key(),
    )
    db.session.commit()
    return done


def test_many_small_ones_come_to_the_limit_and_no_further(desk: Any) -> None:
    half = ALONE // 2
    assert isinstance(act(desk, half), Posting)
    assert isinstance(act(desk, half, kind=Kind.DEDUCT), Posting)
    before = db.session.scalar(sa.select(sa.func.count()).select_from(DomainEventRow))
    assert isinstance(act(desk, 1), Proposal)
    assert isinstance(act(desk, 1, kind=Kind.DEDUCT), Proposal)
    # What was tried first has left nothing: no line, no event, no trace of an act.
    assert db.session.scalar(sa.select(sa.func.count()).select_from(DomainEventRow)) == before
    acts = sa.select(AuditEntry.action).where(AuditEntry.action.like("points.%"))
    assert sorted(db.session.scalars(acts)) == [
        "points.awarded", "points.deducted", "points.proposed", "points.proposed",
    ]  # fmt: skip
    assert figures(desk["member"])[0] == ALONE
    assert damage() == []


def test_colleagues_other_members_and_other_days_count_apart(desk: Any, monkeypatch: Any) -> None:
    other = make_follower(desk["project"])
    assert isinstance(act(desk, ALONE), Posting)
    assert isinstance(act(desk, ALONE, by="second"), Posting)
    assert isinstance(act(desk, ALONE, member=other), Posting)
    assert isinstance(act(desk, 1), Proposal)
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert isinstance(act(desk, ALONE), Posting)


def back(
    desk: Any, posting: Posting, *, by: str = "second", reason: str = "wrong"
) -> Posting | Proposal:
    """Take the rest of a line back, and commit."""
    done = take_back(
        actor=desk[by], member=desk["member"], project_id=desk["project"].id,
        posting_id=posting.id, reason=reason, key=key(),
    )  # fmt: skip
    db.session.commit()
    return done


def agree(desk: Any, proposal: Any, *, by: str = "first") -> None:
    """Agree to a colleague's proposal, and commit."""
    decide(actor=desk[by], proposal=proposal, member=desk["member"], approve=True)
    db.session.commit()


def test_what_two_agreed_on_does_not_count(desk: Any) -> None:
    proposal = act(desk, ALONE + 1)
    agree(desk, proposal, by="second")
    assert isinstance(act(desk, ALONE, by="second"), Posting)
    assert isinstance(act(desk, 1, by="second"), Proposal)
    assert figures(desk["member"])[0] == 3 * ALONE + 1


def test_what_is_taken_back_counts_too(desk: Any) -> None:
    small = earn(desk["member"], 7_000)
    assert isinstance(back(desk, small), Posting)
    assert isinstance(act(desk, ALONE - 7_000, by="second"), Posting)
    other = earn(desk["member"], 1)
    assert isinstance(back(desk, other), Proposal)
    assert isinstance(act(desk, 1, by="second"), Proposal)
    assert isinstance(back(desk, earn(desk["member"], 1), by="first"), Posting)


def test_a_large_line_is_taken_back_by_two(desk: Any) -> None:
    large = earn(desk["member"], ALONE + 1)
    proposal = back(desk, large)
    assert isinstance(proposal, Proposal)
    assert (proposal.kind, proposal.amount, proposal.reverses_id) == (
        Kind.DEDUCT, ALONE + 1, large.id,
    )  # fmt: skip
    assert figures(desk["member"])[0] == 2 * ALONE + 1
    with pytest.raises(PointsError, match="proposed_already"):
        back(desk, large, by="first")
    db.session.rollback()
    with pytest.raises(PointsError, match="own_proposal"):
        agree(desk, proposal, by="second")
    db.session.rollback()
    agree(desk, proposal)
    assert figures(desk["member"])[0] == ALONE
    acts = sa.select(AuditEntry.action).where(AuditEntry.action.like("points.%"))
    assert sorted(db.session.scalars(acts)) == ["points.proposed", "points.reversed"]
    with pytest.raises(PointsError, match="reversed_already"):
        back(desk, large)
    db.session.rollback()
    assert damage() == []


def test_more_than_a_posting_may_move_is_not_proposed(desk: Any) -> None:
    with pytest.raises(PointsError, match="amount_invalid"):
        act(desk, MOST + 1)


def test_nothing_is_adjusted_or_taken_back_without_a_reason(desk: Any) -> None:
    with pytest.raises(PointsError, match="reason_needed"):
        act(desk, 1, reason="")
    with pytest.raises(PointsError, match="reason_needed"):
        back(desk, earn(desk["member"], 1), reason="")


def test_one_decision_leaves_the_others_waiting(desk: Any) -> None:
    first, second = (act(desk, ALONE + 1) for _ in range(2))
    agree(desk, first, by="second")
    assert isinstance(second, Proposal)
    db.session.refresh(second)
    assert (second.state, figures(desk["member"])[0]) == ("proposed", 2 * ALONE + 1)


def test_a_large_spending_comes_back_by_two(desk: Any) -> None:
    earn(desk["member"], ALONE)
    spent = spend(desk["member"], ALONE + 1)
    proposal = back(desk, spent)
    assert (proposal.kind, isinstance(proposal, Proposal)) == (Kind.AWARD, True)
    agree(desk, proposal)
    assert figures(desk["member"]) == (2 * ALONE, 0, 0, 0)
    assert damage() == []


def test_what_was_taken_back_meanwhile_is_not_taken_back_again(desk: Any) -> None:
    large = earn(desk["member"], ALONE + 1)
    proposal = back(desk, large)
    reverse(large, amount=2)
    with pytest.raises(PointsError, match="reversed_already"):
        agree(desk, proposal)
    db.session.rollback()
    assert figures(desk["member"])[0] == 2 * ALONE - 1
    # Refused, it makes way for what is left.
    decide(actor=desk["first"], proposal=proposal, member=desk["member"], approve=False, note="no")
    db.session.commit()
    assert isinstance(back(desk, large), Posting)
    assert figures(desk["member"])[0] == ALONE


def test_nobody_adjusts_takes_back_or_agrees_to_their_own(desk: Any) -> None:
    desk["member"].account_id = desk["first"].id
    db.session.commit()
    earned = earn(desk["member"], 1)
    with pytest.raises(PointsError, match="own_points"):
        back(desk, earned, by="first")
    with pytest.raises(PointsError, match="own_points"):
        act(desk, 1)
    proposal = act(desk, ALONE + 1, by="second")
    with pytest.raises(PointsError, match="own_points"):
        agree(desk, proposal)


def test_the_same_key_again_is_the_same_line_even_at_the_limit(desk: Any) -> None:
    first, again = (act(desk, ALONE, key="form") for _ in range(2))
    assert isinstance(again, Posting)
    assert (again.public_id, again.is_new) == (first.public_id, False)


def test_of_many_at_once_those_within_the_limit_are_booked(app: Any, desk: Any) -> None:
    ids = (desk["first"].id, desk["member"].id, desk["project"].id)

    def give() -> str:
        done = adjust(
            actor=db.session.get_one(Account, ids[0]),
            member=db.session.get_one(Member, ids[1]),
            project_id=ids[2],
            kind=Kind.AWARD,
            amount=ALONE // 4,
            reason="because",
            key=key(),
        )
        return type(done).__name__

    results = at_once(app, *[give] * 8)
    assert sorted(results) == ["Posting"] * 4 + ["Proposal"] * 4
    given = sa.select(sa.func.sum(Transaction.amount)).where(Transaction.kind == Kind.AWARD)
    assert db.session.scalar(given) == ALONE
    assert damage() == []

"""Any order of postings under each of the club's policies: reads, bookings and limits agree.

What a wallet in memory would say of these policies is as long as the policies. So this holds what
must be true of all of them: a day's booking changes nothing that anybody sees, exactly what may be
spent can be spent, and the entries alone make the same lots and balances.
"""

from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.extensions import db
from portal.points import chain, expiring, queries, service
from portal.points.errors import PointsError
from portal.points.kinds import SpendOrder
from portal.points.models import Lot
from portal.points.queries import Figures
from tests.factories import make_member
from tests.points.helpers import WHY, holder, key, noon
from tests.points.test_policies import TODAY, club_says, sound

AMOUNTS = st.integers(1, 20).map(lambda halves: halves * 500)
PICK = st.integers(0, 1_000)
POLICIES: dict[str, dict[str, Any]] = {
    "decay": {"expiry_months": 1, "decay_parts": 3},
    "activity": {"expiry_months": 1, "activity_extends": True},
    "second life": {"expiry_months": 1, "reinstate_days": 5},
    "bonus across": {"expiry_months": 2, "spend_order": SpendOrder.BONUS_ACROSS},
}


class Policies(RuleBasedStateMachine):
    """One member, a currency with a policy, and months that go by."""

    policy: ClassVar[dict[str, Any]] = {}

    @initialize()
    def begin(self) -> None:
        """Start 300 days ago."""
        self.day = TODAY - timedelta(days=300)
        club_says("bonus", expiry_months=1)
        self.currency = club_says(**self.policy)
        self.member = make_member()
        self.earned: list[Any] = []
        self.spent: list[Any] = []
        self.holds: list[Any] = []

    def post(self, act: Any, **arguments: Any) -> Any:
        """Post at the machine's day, and commit."""
        done = act(actor=None, why=WHY, at=noon(self.day), **arguments)
        db.session.commit()
        return done

    def figures(self) -> Figures:
        """Return what is seen today."""
        return queries.balance(holder(self.member), at=noon(self.day))

    def lots(self) -> list[tuple[int, date | None, date]]:
        """Return the living free lots of the currency: how many points, and their days."""
        rows = db.session.execute(
            sa.select(Lot.remaining - Lot.held, Lot.effective_on, Lot.expires_on).where(
                Lot.account_id == self.figures().account_id,
                Lot.remaining > Lot.held,
                ~Lot.pending,
                Lot.expires_on >= self.day,
            )
        )
        return [tuple(row) for row in rows]

    @rule(amount=AMOUNTS, bonus=st.booleans())
    def earn(self, amount: int, bonus: bool) -> None:
        """Earn points that live by the policy, or bonus points."""
        currency = "bonus" if bonus else "redeemable"
        before = self.figures()
        made = self.post(
            service.post, holder=holder(self.member), amount=amount, key=key(), currency=currency
        )
        self.earned.append((made, amount))
        if not bonus:
            after = self.figures()
            assert after.available - after.owed == before.available - before.owed + amount
            self.was_active()

    @rule(part=st.integers(1, 4))
    def spend(self, part: int) -> None:
        """Spend a quarter or more of what may be spent; one milli-point more is refused."""
        most = self.figures().spendable
        arguments = {"holder": holder(self.member), "key": key()}
        with pytest.raises(PointsError, match="not_enough"):
            self.post(service.spend, amount=most + 1, **arguments)
        db.session.commit()
        amount = most * part // 4
        if amount:
            self.spent.append([self.post(service.spend, amount=amount, **arguments), amount])
            assert self.figures().spendable == most - amount
            self.was_active()

    @rule(part=st.integers(1, 4))
    def hold(self, part: int) -> None:
        """Set a part of what may be spent aside."""
        amount = self.figures().spendable * part // 4
        if amount:
            made = self.post(service.hold, holder=holder(self.member), amount=amount, key=key())
            self.holds.append(made)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, captured=st.booleans())
    def end_hold(self, pick: int, captured: bool) -> None:
        """Use a hold, or give it back."""
        made = self.holds.pop(pick % len(self.holds))
        if captured:
            self.post(service.capture, hold_id=made.id)
            self.was_active()
        else:
            self.post(service.void, hold_id=made.id)

    @precondition(lambda self: self.spent)
    @rule(pick=PICK)
    def give_back(self, pick: int) -> None:
        """Give a spending back: within the window nothing of it is lost."""
        made, amount = self.spent.pop(pick % len(self.spent))
        before = self.figures()
        self.post(service.reverse, posting_id=made.id, key=key())
        after = self.figures()
        gained = (after.available - after.owed) - (before.available - before.owed)
        assert 0 <= gained <= amount
        if self.policy.get("reinstate_days"):
            assert gained == amount

    @precondition(lambda self: self.earned)
    @rule(pick=PICK)
    def claw_back(self, pick: int) -> None:
        """Take an earning back, whatever it has become: nobody pays more than it gave."""
        made, amount = self.earned.pop(pick % len(self.earned))
        before = self.figures()
        self.post(service.reverse, posting_id=made.id, key=key())
        after = self.figures()
        lost = (before.available - before.owed) - (after.available - after.owed)
        assert 0 <= lost <= amount

    @rule(days=st.sampled_from([1, 3, 10, 15, 31]))
    def wait(self, days: int) -> None:
        """Let days go by."""
        self.day += timedelta(days=days)

    @rule()
    def run_the_job(self) -> None:
        """Book what is due; nothing that anybody sees changes."""
        seen = [self.seen(currency) for currency in ("redeemable", "bonus")]
        expiring.expire_batch(at=noon(self.day))
        db.session.commit()
        assert [self.seen(currency) for currency in ("redeemable", "bonus")] == seen

    def seen(self, currency: str) -> tuple[int, ...]:
        """Return what is seen of a currency."""
        found = queries.balance(holder(self.member), currency, at=noon(self.day))
        return found.available, found.pending, found.held, found.owed, found.spendable

    def was_active(self) -> None:
        """After what counts as activity every living lot lasts as long as points of today."""
        if self.policy.get("activity_extends"):
            ends = [expires for _free, _begins, expires in self.lots()]
            # A month from today, less a day.
            assert all(end >= self.day + timedelta(days=27) for end in ends)

    def teardown(self) -> None:
        """Prove the ledger, and that a rebuild finds nothing to do."""
        if hasattr(self, "member"):
            chain.seal_batch()
            db.session.commit()
            sound()


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_keeps_reads_bookings_and_limits_together(app: Any, policy: str) -> None:
    machine = type("Under", (Policies,), {"policy": POLICIES[policy]})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5,
            stateful_step_count=14,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )

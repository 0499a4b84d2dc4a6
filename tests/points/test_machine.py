"""Any order of postings over many days: the ledger agrees with a wallet in memory, and verifies."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal import clock
from portal.extensions import db
from portal.members.models import Household
from portal.points import chain, expiring, queries, service
from portal.points.errors import PointsError
from portal.points.kinds import NEVER
from portal.points.rebuild import rebuild
from portal.points.terms import Terms
from tests.factories import make_member
from tests.points.helpers import WHY, damage, holder, key, noon
from tests.points.wallet import NotEnoughError, Wallet

AMOUNTS = st.integers(1, 40).map(lambda halves: halves * 500)
DAYS = st.sampled_from([0, 1, 1, 2, 3, 5, 12])
PICK = st.integers(0, 1_000)


class Postings(RuleBasedStateMachine):
    """Two members of one household, everything that can happen to their points."""

    @initialize()
    def begin(self) -> None:
        """Start two empty wallets, 300 days ago."""
        self.day = clock.business_date("Asia/Shanghai") - timedelta(days=300)
        first = make_member()
        second = make_member(household=db.session.get(Household, first.household_id))
        self.members = [first, second]
        self.wallets = [Wallet(self.day), Wallet(self.day)]
        # posting, whose, what the wallet needs to take it back, how much is left of it
        self.earned: list = []
        self.spent: list = []
        self.holds: list = []
        self.last = None

    @property
    def at(self):
        """Return the moment of the postings."""
        return noon(self.day)

    def call(self, act, **arguments):
        """Post twice with one key: the second must be the first again."""
        first = act(actor=None, why=WHY, at=self.at, **arguments)
        db.session.commit()
        again = act(actor=None, why=WHY, at=self.at, **arguments)
        db.session.commit()
        assert (again.id, again.is_new, first.is_new) == (first.id, False, True)
        return first

    def refused(self, code, act, **arguments):
        """Post what must be refused; what the caller did besides is kept."""
        with pytest.raises(PointsError, match=code):
            act(actor=None, why=WHY, at=self.at, **arguments)
        db.session.commit()

    @rule(who=st.integers(0, 1), amount=AMOUNTS, days=DAYS)
    def earn(self, who, amount, days):
        """Earn points that die after some days."""
        expires = self.day + timedelta(days=days) if days < 12 else NEVER
        posting = self.call(
            service.post,
            holder=holder(self.members[who]),
            amount=amount,
            key=key(),
            terms=Terms(expires_on=expires),
        )
        self.earned.append([posting, who, self.wallets[who].earn(amount, expires), amount])

    @rule(who=st.integers(0, 1), amount=AMOUNTS, days=st.integers(1, 9))
    def earn_pending(self, who, amount, days):
        """Earn points that begin later."""
        begins = self.day + timedelta(days=days)
        posting = self.call(
            service.post,
            holder=holder(self.members[who]),
            amount=amount,
            key=key(),
            terms=Terms(matures_on=begins, expires_on=NEVER),
        )
        lot = self.wallets[who].earn(amount, NEVER, begins)
        self.earned.append([posting, who, lot, amount])

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def spend(self, who, amount):
        """Spend, or be refused."""
        arguments = {"holder": holder(self.members[who]), "amount": amount, "key": key()}
        try:
            used = self.wallets[who].take(amount)
        except NotEnoughError:
            self.refused("not_enough", service.spend, **arguments)
            return
        self.spent.append([self.call(service.spend, **arguments), who, used, amount])

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def hold(self, who, amount):
        """Set aside, or be refused."""
        arguments = {"holder": holder(self.members[who]), "amount": amount, "key": key()}
        try:
            taken = self.wallets[who].hold(amount)
        except NotEnoughError:
            self.refused("not_enough", service.hold, **arguments)
            return
        self.holds.append([self.call(service.hold, **arguments), who, taken, amount])

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, part=st.integers(0, 3))
    def end_hold(self, pick, part):
        """Capture a hold in thirds, or give it back; then it cannot end otherwise."""
        posting, who, taken, amount = self.holds.pop(pick % len(self.holds))
        captured = amount * part // 3
        if captured:
            done = self.call(service.capture, hold_id=posting.id, amount=captured)
            used = self.wallets[who].end_hold(taken, captured)
            self.spent.append([done, who, used, captured])
            self.refused("hold_ended", service.void, hold_id=posting.id)
        else:
            self.call(service.void, hold_id=posting.id)
            self.wallets[who].end_hold(taken, 0)
            self.refused("hold_ended", service.capture, hold_id=posting.id)

    @precondition(lambda self: self.spent)
    @rule(pick=PICK, part=st.integers(1, 4))
    def reverse_spending(self, pick, part):
        """Give a quarter or more of a spending back, at last the rest, never more."""
        found = self.spent[pick % len(self.spent)]
        posting, who, used, left = found
        amount = min(left, posting.amount * part // 4)
        self.refused(
            "reversed_already", service.reverse, posting_id=posting.id, key=key(), amount=left + 1
        )
        if amount:
            self.call(service.reverse, posting_id=posting.id, key=key(), amount=amount)
            found[2], found[3] = self.wallets[who].restore(used, amount), left - amount

    @precondition(lambda self: self.earned)
    @rule(pick=PICK, part=st.integers(1, 4))
    def reverse_earning(self, pick, part):
        """Take a quarter or more of an earning back."""
        found = self.earned[pick % len(self.earned)]
        posting, who, lot, left = found
        amount = min(left, posting.amount * part // 4)
        if amount:
            self.call(service.reverse, posting_id=posting.id, key=key(), amount=amount)
            self.wallets[who].claw_back(lot, amount)
            found[3] = left - amount

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def transfer(self, who, amount):
        """Give points to the other, with their last days."""
        arguments = {
            "giver_id": self.members[who].id,
            "receiver_id": self.members[1 - who].id,
            "amount": amount,
            "key": key(),
        }
        try:
            taken = self.wallets[who].take(amount)
        except NotEnoughError:
            self.refused("not_enough", service.transfer, **arguments)
            return
        self.call(service.transfer, **arguments)
        other = self.wallets[1 - who]
        for lot, part in taken:
            other.lots.append(type(lot)(lot.expires, lot.begins, part))
        other._pay()

    @rule(days=st.integers(1, 3))
    def wait(self, days):
        """Let days go by."""
        self.day += timedelta(days=days)
        for wallet in self.wallets:
            wallet.pass_to(self.day)

    @rule()
    def run_the_job(self):
        """Book what is due; nothing that anybody sees changes."""
        expiring.expire_batch(at=self.at)
        db.session.commit()

    @invariant()
    def agrees_with_the_wallets(self):
        """Compare every figure."""
        for member, wallet in zip(self.members, self.wallets, strict=True):
            found = queries.balance(holder(member), at=self.at)
            assert (found.available, found.pending, found.held, found.owed) == wallet.figures

    def teardown(self):
        """Prove the ledger, and that a rebuild finds nothing to do."""
        if not hasattr(self, "wallets"):
            return
        chain.seal_batch()
        db.session.commit()
        assert damage() == []
        done = rebuild()
        db.session.commit()
        assert (done.lots, done.balances) == (0, 0)


def test_the_ledger_agrees_with_a_wallet_in_memory(app) -> None:
    run_state_machine_as_test(
        Postings,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            # Forty steps are short enough to read; making them fewer would take minutes.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Every line is answered: each kind of posting says in three languages what happened and why."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from portal.extensions import db
from portal.i18n import LANGUAGES
from portal.members.models import Household
from portal.points import expiring, service
from portal.points.closing import close_accounts
from portal.points.explain import explain, title_of_source
from portal.points.kinds import NEVER, Kind, NegativePolicy, SpendOrder
from portal.points.models import Transaction
from portal.points.statement import SHOWN, Line, ledger_of
from portal.points.terms import Terms, Why
from portal.points.titles import KINDS
from tests.factories import add, make_member
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend
from tests.points.test_policies import TODAY, club_says


@pytest.fixture
def happened(app: Any) -> None:
    """Let postings of every kind happen."""
    club_says("bonus")
    club_says(
        spend_order=SpendOrder.BONUS_ACROSS, activity_extends=True, expiry_months=12,
        reinstate_days=9, negative_policy=NegativePolicy.REVERSAL,
    )  # fmt: skip
    household = add(Household())
    member, other = (make_member(household=household) for _ in range(2))
    at = noon(TODAY - timedelta(days=40))
    earn(member, 5_000, expires_on=TODAY - timedelta(days=9), at=at, by_hand=True)
    late = spend(member, 2_000, at=at)
    earn(member, 900, terms=Terms(matures_on=TODAY - timedelta(days=1), expires_on=NEVER), at=at)
    expiring.expire_batch()
    reverse(late)
    earn(member, 700, currency="bonus")
    earned = earn(member, 9_000, expires_on=TODAY + timedelta(days=3))
    spend(member, 800)
    service.capture(actor=None, hold_id=hold(member, 300).id, why=WHY, amount=200)
    service.void(actor=None, hold_id=hold(member, 100).id, why=WHY)
    service.time_out(
        hold_id=hold(member, 100, ends_at=noon(TODAY)).id, at=noon(TODAY + timedelta(days=1))
    )
    service.transfer(
        actor=None, giver_id=member.id, receiver_id=other.id, amount=100, key=key(), why=WHY
    )
    for act in (service.forfeit, service.deduct):
        act(actor=None, holder=holder(member), amount=50, key=key(), why=WHY)
    db.session.commit()
    spend(member, 8_000, why=Why("reward.redeemed"))
    reverse(earned)
    earn(member, 9_500)
    close_accounts(member_id=other.id)
    db.session.commit()


def lines() -> list[Line]:
    """Return every line of every account as its page shows it."""
    accounts = db.session.scalars(sa.select(Transaction.account_id).distinct()).all()
    return [
        line for account in accounts for show in SHOWN for line in ledger_of(account, show).items
    ]


def test_every_kind_is_explained_in_every_language(app: Any, happened: None) -> None:
    with app.test_request_context():
        found = lines()
    assert {line.row.kind for line in found} == set(Kind) == set(KINDS)
    said: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for language in LANGUAGES:
        with app.test_request_context(), force_locale(language):
            for line in found:
                told = explain(line)
                assert told.title
                assert told.sentences, f"{line.row.kind} of {line.row.source} in {language}"
                assert title_of_source(line.row)
                words = (told.title, *told.sentences)
                said.setdefault((line.row.public_id, line.row.kind), set()).add(words)
    untold = {kind for (_id, kind), words in said.items() if len(words) < len(LANGUAGES)}
    assert untold == set()

"""Telling of changes: an event for each tier that is another now, and a word to the owner."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.notifications.service import BATCH as AT_ONCE
from portal.notifications.service import notify
from portal.outbox.service import emit
from portal.tiers.kinds import Move
from portal.tiers.metrics import Batch
from portal.tiers.models import History
from portal.tiers.versions import InForce

_SAMPLE = {"tier": lazy("Gold"), "before": lazy("Silver")}
_PAGE = "/me/tier"
UP, DOWN, AT_RISK = "tiers.up", "tiers.down", "tiers.at_risk"
KINDS = [
    NotificationKind(
        UP,
        title=lazy("You reach a higher tier"),
        subject=lazy("Welcome to {tier}"),
        body=lazy("You are {tier} now. Thank you for being with us; see what it gives you."),
        sample=_SAMPLE,
        icon="crown",
        tone="gold",
    ),
    NotificationKind(
        DOWN,
        title=lazy("Your tier changes downwards"),
        subject=lazy("Your tier is {tier} now"),
        body=lazy(
            "Your tier changed from {before} to {tier}. Open the page to see which figures "
            "decided and the nearest way back."
        ),
        sample=_SAMPLE,
        icon="award",
        tone="blue",
    ),
    NotificationKind(
        AT_RISK,
        title=lazy("Your tier is about to lapse"),
        subject=lazy("What keeps you {tier}"),
        body=lazy("What keeps {tier} is not met at present. You keep it until {until}."),
        sample={"tier": lazy("Gold"), "until": lazy("31 December")},
        icon="hourglass",
        tone="gold",
    ),
]


def tell(found: InForce, batch: Batch, moment: datetime) -> None:
    """Tell what the evaluation of a batch changed, in its transaction.

    A first rating is no change: nobody is told that they begin.
    """
    rows = db.session.execute(
        sa.select(History, Member.public_id, Member.account_id)
        .join(Member, Member.id == History.member_id)
        .where(
            History.scheme_id == found.scheme_id,
            batch.has(History.member_id),
            History.created_at == moment,
            History.move.not_in([Move.FIRST, Move.KEPT, Move.SAFE_AGAIN]),
        )
        .order_by(History.member_id)
    ).all()
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, public_id, account_id in rows:
        if row.from_tier != row.to_tier:
            _emit(found, row, public_id)
        kind = _kind(found, row)
        if kind is not None:
            groups[kind, row.from_tier, row.to_tier, row.grace_until, row.day].append(account_id)
    for (kind, before, after, until, day), accounts in groups.items():
        values = {"tier": _name(found, after), "before": _name(found, before)}
        if kind == AT_RISK:
            values = {"tier": _name(found, after), "until": until}
        for start in range(0, len(accounts), AT_ONCE):
            notify(
                account_ids=accounts[start : start + AT_ONCE],
                kind=kind,
                cause=f"{kind}:{found.scheme_id}:{day}:{before}:{after}"[:80],
                values=values,
                url=_PAGE if found.is_club else f"{_PAGE}?scheme={found.key}",
            )


def _emit(found: InForce, row: History, public_id: str) -> None:
    emit(
        kind="tier.changed",
        project_id=None,
        subject=("member", public_id),
        data={
            "scheme": found.key,
            "from": row.from_tier,
            "to": row.to_tier,
            "move": row.move,
            "day": row.day.isoformat(),
        },
    )


def _kind(found: InForce, row: History) -> str | None:
    if row.move == Move.AT_RISK:
        return AT_RISK
    ranks = found.terms.ranks
    before, after = ranks.get(row.from_tier or "", 0), ranks.get(row.to_tier or "", 0)
    if before == after or row.move == Move.CARRIED_OVER:
        return None
    return UP if after > before else DOWN


def _name(found: InForce, key: str | None) -> Any:
    tier = found.terms.tier(key)
    return lazy("Unrated") if tier is None else tier.name

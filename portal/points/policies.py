"""The versions of a currency's rules: each applies from a day on, and none is ever changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.points.accounts import ensure_currencies
from portal.points.errors import PointsError
from portal.points.kinds import BEGINNING, NEVER, CurrencyKind, SpendOrder
from portal.points.models import Currency, Policy
from portal.points.models.currencies import RULE_FIELDS
from portal.points.policy import BONUS_RANK, PLAIN_RANK

_ORDINAL = {
    "sqlite": "CAST(julianday(effective_on) - 1721424.5 AS INTEGER)",
    "postgresql": "effective_on - DATE '0001-01-01' + 1",
}


def begin(*, actor: Account | None) -> None:
    """Make the club's currencies with their usual rules, where they are not there yet."""
    there = set(db.session.scalars(sa.select(Currency.key)))
    ensure_currencies()
    for currency in db.session.scalars(sa.select(Currency).where(Currency.key.not_in(there))):
        record(
            actor=actor,
            action="points.currency_made",
            subject=("points_currency", currency.public_id),
            project_id=None,
            facts={"currency": currency.key},
        )


def plan(
    *,
    actor: Account | None,
    currency: Currency,
    rules: Mapping[str, Any],
    valid_from: date,
    reason: str,
    today: date,
) -> Policy:
    """Let rules apply to a currency from a day on; those of today apply at once.

    `rules`: every field of CurrencyRules. A version for a day that has one already takes its place,
    which is how a planned one is taken back. Raises PointsError: retroactive, reason_needed,
    qualifying_is_plain, bonus_of_itself.
    """
    if valid_from < today:
        raise PointsError("retroactive")
    if not reason:
        raise PointsError("reason_needed")
    _check(currency, rules)
    locked = db.session.scalars(
        sa.select(Currency).where(Currency.id == currency.id).with_for_update()
    ).one()
    if not versions(locked.id):
        kept = {name: getattr(locked, name) for name in RULE_FIELDS}
        db.session.add(Policy(currency_id=locked.id, valid_from=BEGINNING, **kept))
        db.session.flush()
    made = Policy(
        currency_id=locked.id,
        valid_from=valid_from,
        made_by_id=actor.id if actor else None,
        reason=reason,
        **{name: rules[name] for name in RULE_FIELDS},
    )
    db.session.add(made)
    db.session.flush()
    bring_up_to(locked, today)
    record(
        actor=actor,
        action="points.rules_planned",
        subject=("points_currency", locked.public_id),
        project_id=None,
        facts={"currency": locked.key, "from": valid_from.isoformat(), "version": made.public_id},
        reason=reason,
    )
    return made


def apply_due(today: date) -> int:
    """Bring every currency to the version of a day; return how many changed. The caller commits."""
    due = db.session.scalars(
        sa.select(Currency)
        .where(sa.or_(Currency.until <= today, Currency.since > today))
        .order_by(Currency.id)
        .with_for_update()
    ).all()
    for currency in due:
        bring_up_to(currency, today)
    return len(due)


def versions(currency_id: int) -> list[Policy]:
    """Return a currency's versions, the one that applies last first."""
    return list(
        db.session.scalars(
            sa.select(Policy)
            .where(Policy.currency_id == currency_id)
            .order_by(Policy.valid_from.desc(), Policy.created_at.desc(), Policy.id.desc())
        )
    )


def in_force(found: list[Policy], day: date) -> Policy | None:
    """Return which of a currency's `versions` applies on a day."""
    return next((each for each in found if each.valid_from <= day), None)


def bring_up_to(currency: Currency, today: date) -> None:
    """Copy the version of a day into the currency's row; sort its lots anew if their order changed.

    The row must be locked.
    """
    found = versions(currency.id)
    version = in_force(found, today)
    if version is None:
        return
    order = currency.spend_order
    for name in RULE_FIELDS:
        setattr(currency, name, getattr(version, name))
    currency.since = version.valid_from
    currency.until = min((v.valid_from for v in found if v.valid_from > today), default=NEVER)
    db.session.flush()
    if currency.spend_order != order:
        rank_lots(currency.id, currency.spend_order)


def rank_lots(currency_id: int, spend_order: str) -> None:
    """Sort the lots of a currency anew: its order of spending has changed.

    Balances are locked first, as in every posting.
    """
    connection = db.session.connection()
    mine = "SELECT id FROM points_account WHERE currency_id = :currency"
    if connection.dialect.name == "postgresql":
        lock = f"SELECT account_id FROM points_balance WHERE account_id IN ({mine})"  # noqa: S608
        connection.execute(
            sa.text(f"{lock} ORDER BY account_id FOR UPDATE"), {"currency": currency_id}
        )
    rank = {
        SpendOrder.EXPIRY_FIRST: "NULL",
        SpendOrder.OLDEST_FIRST: _ORDINAL[connection.dialect.name],
    }.get(SpendOrder(spend_order), f"CASE WHEN bonus THEN {BONUS_RANK} ELSE {PLAIN_RANK} END")
    connection.execute(
        sa.text(
            f"UPDATE points_lot SET spend_order = {rank} WHERE remaining > 0"  # noqa: S608
            f" AND effective_on IS NOT NULL AND account_id IN ({mine})"
        ),
        {"currency": currency_id},
    )


def _check(currency: Currency, rules: Mapping[str, Any]) -> None:
    renews = rules["activity_extends"] or rules["decay_parts"] > 1 or rules["reinstate_days"]
    if currency.kind == CurrencyKind.QUALIFYING and renews:
        raise PointsError("qualifying_is_plain")
    if rules["activity_extends"] and rules["decay_parts"] > 1:
        raise PointsError("extends_or_decays")
    if currency.kind != CurrencyKind.REDEEMABLE and rules["spend_order"] == SpendOrder.BONUS_ACROSS:
        raise PointsError("bonus_of_itself")

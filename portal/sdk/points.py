"""Points for plugins: posted in the caller's transaction, under the plugin's own keys.

Keys and sources begin with the plugin's name ("events:fee:17", "events.fee"), so that no plugin can
take another's key, nor end its holds, nor reverse its postings.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import aliased

from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host.refs import MemberRef, ProjectRef
from portal.plugin_host.state import host
from portal.points import queries, service
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.models import Transaction
from portal.points.queries import Figures
from portal.points.terms import Holder, Posting, Terms, Why


def earn_points(
    *,
    member: MemberRef,
    amount: int,
    key: str,
    source: str,
    project: ProjectRef | None = None,
    currency: str = REDEEMABLE,
    facts: Mapping[str, Any] | None = None,
    note: str = "",
    matures_on: date | None = None,
    waits: bool = False,
    expires_on: date | None = None,
) -> Posting:
    """Give a member `amount` milli-points; the same key and body is the same posting.

    `facts`: ids and codes; `note`: a sentence that the member reads. `matures_on` or `waits`: they
    are pending. Raises PointsError, ValueError for a key or source of another owner.
    """
    return service.post(
        actor=_actor(),
        holder=Holder.member(member.id),
        amount=amount,
        key=_own_key(key, source),
        why=_why(source, project, facts, note),
        currency=currency,
        terms=Terms(matures_on=matures_on, waits=waits, expires_on=expires_on),
    )


def spend_points(
    *,
    member: MemberRef,
    amount: int,
    key: str,
    source: str,
    project: ProjectRef | None = None,
    currency: str = REDEEMABLE,
    facts: Mapping[str, Any] | None = None,
    note: str = "",
) -> Posting:
    """Use a member's points. Raises PointsError: `not_enough` and others."""
    return service.spend(
        actor=_actor(),
        holder=Holder.member(member.id),
        amount=amount,
        key=_own_key(key, source),
        why=_why(source, project, facts, note),
        currency=currency,
    )


def hold_points(
    *,
    member: MemberRef,
    amount: int,
    key: str,
    source: str,
    project: ProjectRef | None = None,
    currency: str = REDEEMABLE,
    facts: Mapping[str, Any] | None = None,
    note: str = "",
    ends_at: datetime | None = None,
) -> Posting:
    """Set a member's points aside; the posting's id is the hold's. Raises PointsError."""
    return service.hold(
        actor=_actor(),
        holder=Holder.member(member.id),
        amount=amount,
        key=_own_key(key, source),
        why=_why(source, project, facts, note),
        currency=currency,
        ends_at=ends_at,
    )


def capture_points(*, hold_id: int, source: str, amount: int | None = None) -> Posting:
    """Use held points, or `amount` of them and give the rest back. Raises PointsError."""
    _check_own(hold_id, source, "unknown_hold")
    return service.capture(actor=_actor(), hold_id=hold_id, why=Why(source), amount=amount)


def void_points(*, hold_id: int, source: str) -> Posting:
    """Give held points back. Raises PointsError: `hold_ended`, `unknown_hold`."""
    _check_own(hold_id, source, "unknown_hold")
    return service.void(actor=_actor(), hold_id=hold_id, why=Why(source))


def reverse_points(
    *, posting_id: int, key: str, source: str, amount: int | None = None, note: str = ""
) -> Posting:
    """Take a posting of the plugin back: `amount` of it, or the rest. Raises PointsError."""
    _check_own(posting_id, source, "unknown_transaction")
    return service.reverse(
        actor=_actor(),
        posting_id=posting_id,
        key=_own_key(key, source),
        why=Why(source, note=note),
        amount=amount,
    )


@dataclass(frozen=True)
class Captured:
    """Milli-points that captures took, and how much of them was reversed since."""

    amount: int
    returned: int


def captured_points(*, source: str, posting_ids: Collection[int]) -> dict[int, Captured]:
    """Return what the ledger has of the plugin's captures (ids of postings), in one statement."""
    captured, returned = _captures(source)
    rows = db.session.execute(
        sa.select(captured.id, captured.amount, returned).where(
            captured.kind == Kind.CAPTURE,
            captured.source == source,
            captured.id.in_(posting_ids),
        )
    )
    return {row[0]: Captured(int(row[1]), int(row[2])) for row in rows}


def captured_total(*, source: str, project: ProjectRef) -> Captured:
    """Return the sum of all captures of the plugin's holds in a project, in one statement."""
    captured, returned = _captures(source)
    hold = aliased(Transaction)
    row = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(captured.amount), 0),
            sa.func.coalesce(sa.func.sum(returned), 0),
        )
        .join(hold, hold.id == captured.ends_hold_id)
        .where(captured.kind == Kind.CAPTURE, captured.source == source)
        .where(hold.project_id == project.id)
    ).one()
    return Captured(int(row[0]), int(row[1]))


def _captures(source: str) -> tuple[type[Transaction], sa.ColumnElement[int]]:
    """Return the ledger as captures, and what was reversed of one; for the plugin's source only."""
    _plugin(source)
    captured, reversal = aliased(Transaction), aliased(Transaction)
    returned = (
        sa.select(sa.func.coalesce(sa.func.sum(reversal.amount), 0))
        .where(reversal.reverses_id == captured.id)
        .scalar_subquery()
    )
    return captured, returned


def points_balance(member: MemberRef, currency: str = REDEEMABLE) -> Figures:
    """Return a member's available, pending, held, expiring and owed milli-points."""
    return queries.balance(Holder.member(member.id), currency)


def _actor() -> Account | None:
    return g.get("account") if has_request_context() else None


def _plugin(source: str) -> str:
    name = source.partition(".")[0]
    if name not in host().loaded:
        raise ValueError(f"the source {source!r} must begin with the plugin's name and a dot")
    return name


def _own_key(key: str, source: str) -> str:
    prefix = f"{_plugin(source)}:"
    if not key.startswith(prefix):
        raise ValueError(f"the key {key!r} must begin with {prefix!r}")
    return key


def _why(
    source: str, project: ProjectRef | None, facts: Mapping[str, Any] | None, note: str
) -> Why:
    return Why(source, facts=facts or {}, project_id=project.id if project else None, note=note)


def _check_own(posting_id: int, source: str, code: str) -> None:
    """Refuse a posting that another plugin, or core, has made: as if it were not there."""
    made_by = db.session.scalar(sa.select(Transaction.source).where(Transaction.id == posting_id))
    if made_by is None or made_by.partition(".")[0] != _plugin(source):
        raise PointsError(code)

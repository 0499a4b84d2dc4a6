"""What owners are told of their points: in the inbox alone, unless they want more."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString

from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.notifications.service import notify
from portal.outbox.registry import DomainEvent, subscribe
from portal.points.amounts import format_change, format_points
from portal.points.events import POSTED
from portal.points.kinds import CurrencyKind, Kind, Part
from portal.points.models import Entry, PointsAccount, Transaction
from portal.points.reminders import EXPIRING, POOL_EXPIRING

_POINTS = {"points": lazy("200")}
_CHANGE = {"change": lazy("+200")}
_PERSON = {**_POINTS, "name": lazy("Shen Mingyuan")}
_QUIET: frozenset[str] = frozenset()
FRESH = timedelta(days=2)
"""What was booked longer ago was imported, and is no news."""
KINDS = [
    NotificationKind(
        EXPIRING,
        title=lazy("Points run out in 60, 30 and 7 days"),
        subject=lazy("{points} points are good until {day}"),
        body=lazy(
            "{points} of your points run out in {month}; the first of them are good until {day}."
            " Points that expire first are used first."
        ),
        sample={
            "points": lazy("320"),
            "month": lazy("December 2026"),
            "day": lazy("31 December"),
        },
        icon="hourglass",
        tone="gold",
        channels=_QUIET,
    ),
    NotificationKind(
        POOL_EXPIRING,
        title=lazy("Points of the household run out in 60, 30 and 7 days"),
        subject=lazy("{points} points of the household are good until {day}"),
        body=lazy(
            "{points} points of your household run out in {month}; the first of them are good until"
            " {day}. Points that expire first are used first."
        ),
        sample={
            "points": lazy("320"),
            "month": lazy("December 2026"),
            "day": lazy("31 December"),
        },
        icon="hourglass",
        tone="gold",
        channels=_QUIET,
    ),
    NotificationKind(
        "points.received",
        title=lazy("Somebody of your household gave you points"),
        subject=lazy("{name} gave you {points} points"),
        body=lazy("They keep the last days that they had with {name}."),
        sample=_PERSON,
        icon="gift",
        tone="green",
        channels=_QUIET,
    ),
    NotificationKind(
        "points.given",
        title=lazy("You gave points to somebody of your household"),
        subject=lazy("You gave {name} {points} points"),
        body=lazy("If it was not you, write to the club and change your password."),
        sample=_PERSON,
        icon="users",
        tone="blue",
        channels=_QUIET,
    ),
    NotificationKind(
        "points.adjusted",
        title=lazy("Club staff gave or took points"),
        subject=lazy("{change} points by club staff"),
        body=lazy("The reason stands beside the line in your points."),
        sample=_CHANGE,
        icon="pencil",
        tone="violet",
        channels=_QUIET,
    ),
    NotificationKind(
        "points.reversed",
        title=lazy("A line of your points was taken back"),
        subject=lazy("{change} points: a line was taken back"),
        body=lazy("Your points say which line it was, and why."),
        sample=_CHANGE,
        icon="refresh",
        tone="rose",
        channels=_QUIET,
    ),
    NotificationKind(
        "points.owed",
        title=lazy("Points are owed"),
        subject=lazy("{points} points are owed"),
        body=lazy(
            "Points were taken back that you had used already. What you earn next pays them first."
        ),
        sample=_POINTS,
        icon="info-circle",
        tone="rose",
        channels=_QUIET,
    ),
]
_TOLD = frozenset({Kind.GIVE, Kind.RECEIVE, Kind.AWARD, Kind.DEDUCT, Kind.FORFEIT, Kind.REVERSE})


def _wants(event: DomainEvent) -> bool:
    data = event.data
    return (
        data["kind"] in _TOLD
        and data["member"] is not None
        and data["currency"] != CurrencyKind.QUALIFYING
        and event.created_at.date() - date.fromisoformat(data["booked_on"]) < FRESH
    )


@subscribe(POSTED, name="points.notices", wants=_wants)
def tell_owner(event: DomainEvent) -> None:
    """Tell an owner what others did with their points, and what they gave away."""
    found = db.session.execute(
        sa.select(Transaction, Member.account_id)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .join(Member, Member.id == PointsAccount.member_id)
        .where(Transaction.public_id == event.subject[1])
    ).one_or_none()
    if found is None:
        return
    posting, account_id = found
    for kind, values in _news(posting):
        notify(
            account_ids=[account_id],
            kind=kind,
            cause=f"posting:{posting.public_id}",
            values=values,
            url=f"/me/points/lines/{posting.public_id}",
        )


def _news(posting: Transaction) -> list[tuple[str, Mapping[str, object]]]:
    """Return the kinds of notices that a posting makes, with their fields."""
    if posting.kind in (Kind.GIVE, Kind.RECEIVE):
        given = posting.kind == Kind.GIVE
        values = {
            "points": _shown(format_points, posting.amount),
            "name": _name(posting.facts.get("to" if given else "from")),
        }
        return [("points.given" if given else "points.received", values)]
    if posting.kind != Kind.REVERSE:
        sign = 1 if posting.kind == Kind.AWARD else -1
        return [("points.adjusted", {"change": _shown(format_change, sign * posting.amount)})]
    change, owed = _effect(posting.id)
    news: list[tuple[str, Mapping[str, object]]] = []
    if change:
        news.append(("points.reversed", {"change": _shown(format_change, change)}))
    if owed:
        news.append(("points.owed", {"points": _shown(format_points, owed)}))
    return news


def _shown(written: Callable[[int], str], amount: int) -> LazyString:
    return LazyString(written, amount)


def _name(public_id: Any) -> str:
    """Return the other person's name; empty for somebody who has left."""
    return db.session.scalar(sa.select(Member.name).where(Member.public_id == str(public_id))) or ""


def _effect(posting_id: int) -> tuple[int, int]:
    """Return what a reversal did to the available and pending points, and what it made owed."""
    rows = db.session.execute(
        sa.select(Entry.debit_part, Entry.credit_part, Entry.amount).where(
            Entry.transaction_id == posting_id
        )
    ).all()
    usable = (Part.AVAILABLE, Part.PENDING)
    change = sum(
        row.amount * ((row.credit_part in usable) - (row.debit_part in usable)) for row in rows
    )
    return change, sum(row.amount for row in rows if row.debit_part == Part.OWED)

"""Facts that the calendar brings, in batches that may be done again without harm."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import SignIn
from portal.club.queries import current_club
from portal.earning.seen import months_between
from portal.earning.service import record_fact
from portal.extensions import db
from portal.facts.models import Fact
from portal.facts.service import NewFact
from portal.members.models import Member, MemberState

BATCH = 200


@dataclass(frozen=True)
class Batch:
    """How many facts a batch recorded; `after`: the last member, None when there are no more."""

    facts: int
    after: int | None


def days_batch(today: date, *, after: int = 0) -> Batch:
    """Record the month of membership that ended by today, and this month's birthday, of the next
    members by id. What is recorded already is left out by the query."""
    rows = db.session.execute(
        sa.select(Member.id, Member.public_id, Member.joined_on, Member.birth_month)
        .where(Member.id > after, Member.state == MemberState.ACTIVE)
        .order_by(Member.id)
        .limit(BATCH)
    ).all()
    if not rows:
        return Batch(0, None)
    wanted = {(new.source, new.key): new for row in rows for new in _days(row, today)}
    keys = {key for _source, key in wanted}
    rows_known = db.session.execute(
        sa.select(Fact.source, Fact.key).where(
            Fact.source.in_(("tenure.month", "member.birthday")), Fact.key.in_(keys)
        )
    )
    known = {(row.source, row.key) for row in rows_known}
    new = [each for key, each in wanted.items() if key not in known]
    for each in new:
        record_fact(actor=None, new=each)
    return Batch(len(new), rows[-1].id)


def _days(row: Any, today: date) -> list[NewFact]:
    found = []
    months = months_between(row.joined_on, today)
    if months:
        found.append(
            NewFact(
                "tenure.month",
                f"{row.public_id}:{months}",
                _month_later(row.joined_on, months),
                member_id=row.id,
                facts={"month_number": months},
            )
        )
    if row.birth_month == today.month:
        first = today.replace(day=1)
        key = f"{row.public_id}:{today.year}"
        found.append(NewFact("member.birthday", key, max(first, row.joined_on), member_id=row.id))
    return found


def _month_later(since: date, months: int) -> date:
    """Return the first day on which so many months are over."""
    total = since.year * 12 + since.month - 1 + months
    year, month = divmod(total, 12)
    try:
        return date(year, month + 1, since.day)
    except ValueError:
        return date(year + (month == 11), (month + 1) % 12 + 1, 1)


def sign_ins_batch(at: datetime) -> int:
    """Record who was seen on the club's day of `at` and is not recorded yet; return how many."""
    zone = current_club().time_zone
    today = clock.business_date(zone, at)
    midnight = datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(zone))
    recorded = sa.exists().where(
        Fact.member_id == Member.id,
        Fact.source == "member.signed_in",
        Fact.business_date == today,
    )
    rows = db.session.execute(
        sa.select(Member.id, Member.public_id)
        .where(
            sa.exists().where(
                SignIn.account_id == Member.account_id, SignIn.last_seen_at >= midnight
            ),
            Member.state == MemberState.ACTIVE,
            ~recorded,
        )
        .order_by(Member.id)
        .limit(BATCH)
    ).all()
    for row in rows:
        new = NewFact(
            "member.signed_in", f"{row.public_id}:{today.isoformat()}", today, member_id=row.id
        )
        record_fact(actor=None, new=new)
    return len(rows)

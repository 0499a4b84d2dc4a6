"""Rule books, what they decided, and how much of their limits is used."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import (
    BIG,
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    unique_where,
)
from portal.earning.kinds import BookState, Outcome, Per, Same
from portal.extensions import db
from portal.facts.models import Fact

RULE_KEY_LENGTH, PERIOD_LENGTH = 24, 10


class Book(Identified, db.Model):
    """All rules of the club from `begins_on` on; `version` counts what was published.

    Of several that have begun, the one that begins last decides, and of those the newest.
    `maker_ids`: the accounts that wrote it. `is_correction`: it begins in the past, agreed to by
    somebody who did not write it.
    """

    __tablename__ = "earning_book"
    __table_args__ = (
        one_of("state", BookState),
        sa.CheckConstraint("(state = 'published') = (version IS NOT NULL)", name="has_version"),
        sa.CheckConstraint("(state = 'published') = (begins_on IS NOT NULL)", name="has_begin"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="has_moment"),
        unique_where("uq_earning_book_draft", "state", where="state = 'draft'"),
        sa.Index("ix_earning_book_begins_on", "begins_on", "version"),
    )

    state: Mapped[str] = mapped_column(sa.String(10), default=BookState.DRAFT)
    version: Mapped[int | None] = mapped_column(unique=True)
    begins_on: Mapped[date | None]
    is_correction: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    maker_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    approved_by_id: Mapped[int | None] = foreign_key("account.id")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    approved_by: Mapped[Account | None] = relationship(lazy="raise")


class Rule(Identified, db.Model):
    """One rule of a book; `definition` is its JSON, see portal.earning.schema."""

    __tablename__ = "earning_rule"
    __table_args__ = (sa.UniqueConstraint("book_id", "key"),)

    book_id: Mapped[int] = foreign_key("earning_book.id", index=False)
    key: Mapped[str] = mapped_column(sa.String(RULE_KEY_LENGTH))
    source: Mapped[str] = mapped_column(sa.String(40))
    definition: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)


class Decision(db.Model):
    """What a rule made of a fact: points, or why none and what would have been needed.

    `amount`: milli-points. `reason` is a code, `details` what its sentence needs.
    """

    __tablename__ = "earning_decision"
    __table_args__ = (
        one_of("outcome", Outcome),
        sa.CheckConstraint("amount >= 0", name="amount_positive"),
        sa.UniqueConstraint("fact_id", "rule", "currency"),
        sa.Index("ix_earning_decision_member_id", "member_id", "created_at", "id"),
        sa.Index("ix_earning_decision_rule", "rule", "version"),
    )

    id: Mapped[primary_key]
    fact_id: Mapped[int] = foreign_key("points_event.id", index=False)
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    rule: Mapped[str] = mapped_column(sa.String(RULE_KEY_LENGTH))
    version: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(20), default="")
    outcome: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[int] = mapped_column(BIG, default=0)
    reason: Mapped[str] = mapped_column(sa.String(30), default="")
    details: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict)
    posting_id: Mapped[int | None] = foreign_key("points_transaction.id")
    created_at: Mapped[created_at]

    fact: Mapped[Fact] = relationship(lazy="raise")


class Used(db.Model):
    """How often a rule has given points to a holder in a period, and how many in milli-points.

    Changed by guarded upserts alone. `holder_id` is 0 for the club.
    """

    __tablename__ = "earning_used"
    __table_args__ = (
        one_of("per", Per),
        sa.PrimaryKeyConstraint("rule", "per", "holder_id", "period"),
        sa.CheckConstraint("times >= 0 AND points >= 0", name="positive"),
    )

    rule: Mapped[str] = mapped_column(sa.String(RULE_KEY_LENGTH))
    per: Mapped[str] = mapped_column(sa.String(10))
    holder_id: Mapped[int] = mapped_column(BIG)
    period: Mapped[str] = mapped_column(sa.String(PERIOD_LENGTH))
    times: Mapped[int]
    points: Mapped[int] = mapped_column(BIG)


class BookProposal(db.Model):
    """A draft that waits for a second person, from which day it would count; kept once decided.

    Whoever changes the draft takes the proposal back with that.
    """

    __tablename__ = "earning_proposal"
    __table_args__ = (
        sa.CheckConstraint("decided_by_id <> made_by_id", name="second_person"),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (decided_at IS NULL)", name="decided_has_moment"
        ),
    )

    book_id: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("earning_book.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    begins_on: Mapped[date]
    is_correction: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    made_by_id: Mapped[int] = foreign_key("account.id")
    decided_by_id: Mapped[int | None] = foreign_key("account.id")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]

    made_by: Mapped[Account] = relationship(lazy="raise", foreign_keys=[made_by_id])


class Backtest(Identified, db.Model):
    """A draft replayed on the facts of some days; `result` once it is reckoned.

    `kept`: how far the replay is, for a restart to go on from; NULL before and after.
    """

    __tablename__ = "earning_backtest"
    __table_args__ = (sa.CheckConstraint("until >= since", name="days_in_order"),)

    book_id: Mapped[int] = foreign_key("earning_book.id")
    since: Mapped[date]
    until: Mapped[date]
    facts: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    made_by_id: Mapped[int | None] = foreign_key("account.id")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))


class Awaited(db.Model):
    """Pending points that become available with a later event about the same thing.

    `percent`: the least that the event must tell of; NULL: any event of `source`.
    """

    __tablename__ = "earning_awaited"
    __table_args__ = (
        one_of("same", Same),
        sa.Index("ix_earning_awaited_open", "source", "value"),
    )

    posting_id: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("points_transaction.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    source: Mapped[str] = mapped_column(sa.String(40))
    same: Mapped[str] = mapped_column(sa.String(10))
    value: Mapped[str] = mapped_column(sa.String(80))
    percent: Mapped[int | None]
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

"""Schemes and their versions, who holds which tier, and the history behind it.

The history is the truth: each row has a member's new state with the figures that caused it, and
the membership follows from the last one. A tier is named by its key within its scheme.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import (
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    texts,
    unique_where,
)
from portal.extensions import db
from portal.members.models import Member
from portal.tiers.kinds import Move, OverrideState, VersionState

_tier_key = sa.String(30)


class Scheme(Identified, db.Model):
    """A ladder of tiers. One is the club's, shown on the card; others stand beside it."""

    __tablename__ = "tier_scheme"
    __table_args__ = (
        sa.CheckConstraint("length(key) > 0", name="key_given"),
        unique_where("uq_tier_scheme_club", "is_club", where="is_club"),
    )

    key: Mapped[str] = mapped_column(sa.String(30), unique=True)
    name: Mapped[texts]
    is_club: Mapped[bool] = mapped_column(default=False)
    decided_for: Mapped[date | None]
    """The first day of the period for which everybody was evaluated last."""


class SchemeVersion(Identified, db.Model):
    """What a scheme says from a day on. Never changed once it is published.

    `body` is the scheme's JSON form (portal.tiers.schema). The published version with the latest
    `begins_on` that is not in the future holds.
    """

    __tablename__ = "tier_scheme_version"
    __table_args__ = (
        one_of("state", VersionState),
        sa.UniqueConstraint("scheme_id", "version"),
        sa.CheckConstraint("version > 0", name="version_positive"),
        sa.CheckConstraint("(state = 'draft') = (begins_on IS NULL)", name="begins_when_proposed"),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name="published_has_moment"
        ),
        sa.CheckConstraint("published_by_id <> drafted_by_id", name="second_person"),
        unique_where(
            "uq_tier_scheme_version_open", "scheme_id", where="state IN ('draft', 'proposed')"
        ),
    )

    scheme_id: Mapped[int] = foreign_key("tier_scheme.id", index=False)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(10), default=VersionState.DRAFT)
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    revision: Mapped[int] = mapped_column(default=1)
    """Goes up with every save of the draft: two who edit it at once are told."""
    begins_on: Mapped[date | None]
    drafted_by_id: Mapped[int | None] = foreign_key("account.id")
    published_by_id: Mapped[int | None] = foreign_key("account.id")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    scheme: Mapped[Scheme] = relationship(lazy="raise")
    drafted_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[drafted_by_id])
    published_by: Mapped[Account | None] = relationship(
        lazy="raise", foreign_keys=[published_by_id]
    )


class Membership(db.Model):
    """A member's place in a scheme: the tier that counts, and what the rules gave.

    `tier` NULL: unrated. `earned`: without what was given by hand. `changes` numbers the rows of
    the history; a change is written by a guarded update on it.
    """

    __tablename__ = "tier_membership"
    __table_args__ = (
        sa.PrimaryKeyConstraint("member_id", "scheme_id"),
        sa.CheckConstraint("changes >= 0", name="changes_positive"),
        sa.Index("ix_tier_membership_scheme_id_tier", "scheme_id", "tier", "member_id"),
    )

    member_id: Mapped[int] = foreign_key("member.id", index=False)
    scheme_id: Mapped[int] = foreign_key("tier_scheme.id", index=False)
    version_id: Mapped[int | None] = foreign_key("tier_scheme_version.id")
    tier: Mapped[str | None] = mapped_column(_tier_key)
    earned: Mapped[str | None] = mapped_column(_tier_key)
    since: Mapped[date | None]
    valid_until: Mapped[date | None]
    """The earned tier is kept at least to this day; NULL: as long as its condition holds."""
    grace_until: Mapped[date | None]
    """The condition fails; the tier falls after this day unless it holds again."""
    lost: Mapped[str | None] = mapped_column(_tier_key)
    second_chance_until: Mapped[date | None]
    """To this day the tier that was `lost` comes back by what would have kept it."""
    override_id: Mapped[int | None] = foreign_key("tier_override.id")
    changes: Mapped[int] = mapped_column(default=0)


class History(db.Model):
    """One change of a member's state in a scheme, with the figures that caused it. Never changed.

    `number` counts a member's changes in the scheme: two who find the same one write it once.
    """

    __tablename__ = "tier_history"
    __table_args__ = (
        one_of("move", Move),
        sa.UniqueConstraint("member_id", "scheme_id", "number"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.Index("ix_tier_history_scheme_id_day", "scheme_id", "day", "move"),
    )

    id: Mapped[primary_key]
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    scheme_id: Mapped[int] = foreign_key("tier_scheme.id", index=False)
    version_id: Mapped[int] = foreign_key("tier_scheme_version.id")
    number: Mapped[int]
    move: Mapped[str] = mapped_column(sa.String(20))
    day: Mapped[date]
    from_tier: Mapped[str | None] = mapped_column(_tier_key)
    to_tier: Mapped[str | None] = mapped_column(_tier_key)
    earned: Mapped[str | None] = mapped_column(_tier_key)
    valid_until: Mapped[date | None]
    grace_until: Mapped[date | None]
    lost: Mapped[str | None] = mapped_column(_tier_key)
    second_chance_until: Mapped[date | None]
    override_id: Mapped[int | None] = foreign_key("tier_override.id")
    figures: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[created_at]


class Override(Identified, db.Model):
    """A tier given by hand, by two people, with a reason that the member reads and a last day."""

    __tablename__ = "tier_override"
    __table_args__ = (
        one_of("state", OverrideState),
        sa.CheckConstraint("made_by_id <> decided_by_id", name="second_person"),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name="decided_has_moment"
        ),
        *(
            unique_where(
                f"uq_tier_override_{state}", "member_id", "scheme_id", where=f"state = '{state}'"
            )
            for state in (OverrideState.PROPOSED.value, OverrideState.APPROVED.value)
        ),
    )

    member_id: Mapped[int] = foreign_key("member.id")
    scheme_id: Mapped[int] = foreign_key("tier_scheme.id")
    project_id: Mapped[int | None] = foreign_key("project.id")
    tier: Mapped[str] = mapped_column(_tier_key)
    reason: Mapped[str] = mapped_column(sa.String(500))
    expires_on: Mapped[date]
    state: Mapped[str] = mapped_column(sa.String(10), default=OverrideState.PROPOSED)
    made_by_id: Mapped[int] = foreign_key("account.id")
    decided_by_id: Mapped[int | None] = foreign_key("account.id")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    member: Mapped[Member] = relationship(lazy="raise")
    scheme: Mapped[Scheme] = relationship(lazy="raise")
    made_by: Mapped[Account] = relationship(lazy="raise", foreign_keys=[made_by_id])


class Ranking(db.Model):
    """Who is among the first percent of a tier in a period: found once, on its first day.

    `tier` is the one that they may move up to.
    """

    __tablename__ = "tier_ranking"
    __table_args__ = (
        sa.PrimaryKeyConstraint("member_id", "scheme_id", "period_start", "tier"),
        sa.Index("ix_tier_ranking_scheme_id_period_start", "scheme_id", "period_start"),
    )

    member_id: Mapped[int] = foreign_key("member.id", index=False)
    scheme_id: Mapped[int] = foreign_key("tier_scheme.id", index=False)
    period_start: Mapped[date]
    tier: Mapped[str] = mapped_column(_tier_key)

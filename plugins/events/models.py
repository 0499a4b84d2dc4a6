"""Activities, their dates with seats, registrations of parties and the seats of each."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, query_expression, relationship

from plugins.events.ballot.models import Ballot
from plugins.events.series.models import Series
from plugins.events.states import LIVE_SQL, Counts, QueueRule, Seat, State
from portal.sdk import Identified, UtcDateTime, db, foreign_key, now, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWN_EVENT = "events_event.id"
_OWN_OCCURRENCE = "events_occurrence.id"
_OWN_REGISTRATION = "events_registration.id"


class Event(Identified, db.Model):
    """What an activity is: its texts in each language, its cover and its kind."""

    __tablename__ = "events_event"

    project_id: Mapped[int] = foreign_key("project.id")
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    about: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    place: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    notes: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    # Every language in one, lower case: what the list's search looks in.
    words: Mapped[str] = mapped_column(sa.Text)
    cover: Mapped[str] = mapped_column(sa.String(20))
    category: Mapped[str] = mapped_column(sa.String(20))
    # A cover of its own instead: the key of the stored file, its address, and what it shows.
    picture_key: Mapped[str | None] = mapped_column(sa.String(22), index=True)
    picture_url: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    picture_alt: Mapped[Mapping[str, str]] = mapped_column(
        sa.JSON, default=dict, server_default=sa.text("'{}'")
    )
    # What who registers is asked: asking.questions.Question.
    questions: Mapped[list[dict[str, Any]]] = mapped_column(
        sa.JSON, default=list, server_default=sa.text("'[]'")
    )


class Occurrence(Identified, db.Model):
    """One date of an activity: when it is, what it costs (milli-points), where it stands."""

    __tablename__ = "events_occurrence"
    __table_args__ = (
        one_of("state", State),
        one_of("queue_rule", QueueRule),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("opens_at < closes_at", name="closes_after_opening"),
        sa.CheckConstraint("closes_at <= starts_at", name="closes_before_start"),
        sa.CheckConstraint("first_opens_at < opens_at", name="first_before_opening"),
        sa.CheckConstraint("cancel_until <= starts_at", name="cancel_before_start"),
        sa.CheckConstraint("price >= 0 AND deposit >= 0", name="amounts_not_negative"),
        sa.CheckConstraint("household_most > 0", name="household_most_positive"),
        sa.CheckConstraint("least_age >= 0", name="least_age_not_negative"),
        sa.CheckConstraint("guests_most >= 0", name="guests_most_not_negative"),
        sa.Index("ix_events_occurrence_list", "project_id", "state", "starts_at", "id"),
        sa.Index("ix_events_occurrence_due", "state", "starts_at"),
        # Making the dates of a series twice makes each of them once.
        sa.UniqueConstraint("series_id", "series_day", name="uq_events_occurrence_series_day"),
        sa.CheckConstraint("(series_id IS NULL) = (series_day IS NULL)", name="day_of_series"),
    )

    event_id: Mapped[int] = foreign_key(_OWN_EVENT)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    state: Mapped[str] = mapped_column(sa.String(20), default=State.DRAFT)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The earliest window of a tier, where one lies before the opening for everybody.
    first_opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancel_until: Mapped[datetime] = mapped_column(UtcDateTime)
    price: Mapped[int] = mapped_column(BIG, default=0)
    deposit: Mapped[int] = mapped_column(BIG, default=0)
    # Seats that one household may take over all its accounts; None is without a limit.
    household_most: Mapped[int | None]
    # Full years on the day of the activity; of members it is known that they are grown up.
    least_age: Mapped[int | None]
    queue_rule: Mapped[str] = mapped_column(
        sa.String(20), default=QueueRule.NONE, server_default=QueueRule.NONE
    )
    # Whoever registers asks for a place, and staff say yes or no.
    by_approval: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Guests of a party from outside of the household.
    guests_most: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    # Whom it is for: eligibility.Rules.
    rules: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict, server_default=sa.text("'{}'")
    )
    # Accounts by id: tables of plugins refer to none. Who reviews must be another one.
    submitted_by: Mapped[int | None] = mapped_column(BIG)
    # Raised by every change that owners see, for calendars.
    sequence: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    # The series it is a date of, and which one, wherever it was moved since.
    series_id: Mapped[int | None] = foreign_key("events_series.id", index=False)
    series_day: Mapped[date | None] = mapped_column(sa.Date)
    # Changed by hand: what is changed for this date and the following leaves it alone.
    differs: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    event: Mapped[Event] = relationship(lazy="joined", innerjoin=True)
    series: Mapped[Series | None] = relationship(lazy="raise")
    # None: seats go to who comes first.
    ballot: Mapped[Ballot | None] = relationship(lazy="joined", viewonly=True, uselist=False)


class Window(db.Model):
    """From when members of a tier may register, and for how many milli-points a seat. A tier
    without a row has what the activity says for everybody."""

    __tablename__ = "events_window"
    __table_args__ = (sa.CheckConstraint("price >= 0", name="price_not_negative"),)

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, primary_key=True, index=False)
    tier: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    price: Mapped[int] = mapped_column(BIG)


class Quota(Identified, db.Model):
    """How many seats there are of a kind: `capacity` None is unlimited, 0 is closed. A party is
    counted in every quota that concerns it, and the smallest rules."""

    __tablename__ = "events_quota"
    __table_args__ = (
        sa.CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        sa.CheckConstraint("confirmed >= 0 AND held >= 0 AND forced >= 0", name="counts"),
        sa.CheckConstraint(
            "capacity IS NULL OR confirmed + held <= capacity + forced", name="never_over"
        ),
        sa.UniqueConstraint("occurrence_id", "key", name="uq_events_quota_key"),
        one_of("counts", Counts),
    )

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    # "total", "children", "tier:<key of the tier>", "chosen:<number>".
    key: Mapped[str] = mapped_column(sa.String(40), default="total")
    counts: Mapped[str] = mapped_column(
        sa.String(20), default=Counts.ALL, server_default=Counts.ALL
    )
    # What members choose ("Seat on the bus"), or the tier's name.
    title: Mapped[Mapping[str, str]] = mapped_column(
        sa.JSON, default=dict, server_default=sa.text("'{}'")
    )
    capacity: Mapped[int | None]
    confirmed: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    forced: Mapped[int] = mapped_column(default=0)

    @property
    def free(self) -> int | None:
        """Seats left; negative where capacity was cut below those taken; None without a limit."""
        return None if self.capacity is None else self.capacity - self.confirmed - self.held


class Share(db.Model):
    """How many live seats a household has at an activity, over all its accounts, and how many it
    might have when it took the last one; None is without a limit."""

    __tablename__ = "events_share"
    __table_args__ = (
        sa.CheckConstraint("seats >= 0", name="seats_not_negative"),
        sa.CheckConstraint("most IS NULL OR seats <= most", name="never_over"),
    )

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, primary_key=True, index=False)
    household_id: Mapped[int] = foreign_key("household.id", primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    seats: Mapped[int]
    most: Mapped[int | None]


class Diary(db.Model):
    """A household's diary: locked by who gives a seat to somebody of it, so that two activities at
    the same time are seen."""

    __tablename__ = "events_diary"

    household_id: Mapped[int] = foreign_key("household.id", primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id", primary_key=True)


class Registration(Identified, db.Model):
    """A party: who registered, under which policy, what it was charged. Amounts: milli-points."""

    __tablename__ = "events_registration"
    __table_args__ = (
        one_of("state", Seat),
        sa.CheckConstraint("seats > 0", name="seats_positive"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= charged", name="refund_within_charge"),
        sa.CheckConstraint(
            "forced = 0 OR (forced > 0 AND forced <= seats AND entered_by IS NOT NULL)",
            name="forced_by_staff",
        ),
        sa.CheckConstraint("overruled = '' OR entered_by IS NOT NULL", name="overruled_by_staff"),
        sa.CheckConstraint("state <> 'held' OR offer_until IS NOT NULL", name="offer_ends"),
        sa.CheckConstraint("state <> 'waitlisted' OR queued_at IS NOT NULL", name="place_in_queue"),
        unique_where("uq_events_registration_live", "occurrence_id", "member_id", where=LIVE_SQL),
        sa.Index("ix_events_registration_list", "occurrence_id", "created_at", "id"),
        sa.Index(
            "ix_events_registration_queue",
            "occurrence_id",
            "queued_at",
            "id",
            sqlite_where=sa.text("state = 'waitlisted'"),
            postgresql_where=sa.text("state = 'waitlisted'"),
        ),
        sa.Index(
            "ix_events_registration_offers",
            "offer_until",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        ),
        sa.Index("ix_events_registration_mine", "member_id", "project_id", "created_at", "id"),
    )

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    household_id: Mapped[int] = foreign_key("household.id")
    state: Mapped[str] = mapped_column(sa.String(20))
    seats: Mapped[int]
    ticket: Mapped[str] = mapped_column(sa.String(12), unique=True)
    # As it was shown when registering: what happens later is judged by it.
    cancel_until: Mapped[datetime] = mapped_column(UtcDateTime)
    charged: Mapped[int] = mapped_column(BIG, default=0)
    refunded: Mapped[int] = mapped_column(BIG, default=0)
    deposit: Mapped[int] = mapped_column(BIG, default=0)
    charge_id: Mapped[int | None] = mapped_column(BIG)
    hold_id: Mapped[int | None] = mapped_column(BIG)
    # The account of the staff who entered it, why, and how many seats of it lie over the capacity.
    entered_by: Mapped[int | None] = mapped_column(BIG)
    entered_why: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    forced: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    # The rules that staff set aside for it, by their codes: "NOT_YOUR_TIER,TOO_NEW".
    overruled: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    # The terms that were shown to who asked for a place (Terms.mark), and the club's answer.
    asked_under: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    decided_by: Mapped[int | None] = mapped_column(BIG)
    decided_why: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    # The place in the waiting list, and until when the seats are held for the party.
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The tier whose window it came through; "" for everybody's.
    tier: Mapped[str] = mapped_column(sa.String(30), default="", server_default="")
    offer_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the party answered and chose, where a statement brings it: asking.queries.with_said.
    answers: Mapped[Any] = query_expression()
    chosen: Mapped[Any] = query_expression()
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    occurrence: Mapped[Occurrence] = relationship(lazy="raise")
    window: Mapped[Window | None] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=lambda: sa.and_(
            foreign(Registration.occurrence_id) == Window.occurrence_id,
            foreign(Registration.tier) == Window.tier,
        ),
    )


class Counted(db.Model):
    """How many of a party a quota counts; a party that waits will be counted so."""

    __tablename__ = "events_counted"
    __table_args__ = (sa.CheckConstraint("seats > 0", name="seats_positive"),)

    registration_id: Mapped[int] = foreign_key(_OWN_REGISTRATION, primary_key=True, index=False)
    quota_id: Mapped[int] = foreign_key("events_quota.id", primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    seats: Mapped[int]


class SeatRow(Identified, db.Model):
    """One person's seat of a party; its state follows the party's until somebody is checked in."""

    __tablename__ = "events_seat"
    __table_args__ = (
        one_of("state", Seat),
        unique_where("uq_events_seat_live", "occurrence_id", "member_id", where=LIVE_SQL),
        unique_where("uq_events_seat_person", "occurrence_id", "person", where=LIVE_SQL),
        sa.CheckConstraint(
            "NOT guest OR (member_id IS NULL AND person IS NULL)", name="guest_has_no_account"
        ),
    )

    registration_id: Mapped[int] = foreign_key(_OWN_REGISTRATION)
    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE)
    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int | None] = foreign_key("member.id")
    # The public id of who has no account: tables of plugins do not refer to persons.
    person: Mapped[str | None] = mapped_column(sa.String(22))
    name: Mapped[str] = mapped_column(sa.String(80))
    # A guest of who registered, from outside of the household, and the age of one under 18.
    guest: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    age: Mapped[int | None]
    state: Mapped[str] = mapped_column(sa.String(20))
    # When they came in, and the account that let them in.
    checked_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_in_by: Mapped[int | None] = mapped_column(BIG)


class LogEntry(Identified, db.Model):
    """A step in the life of an activity; nobody did it when `by` is None, but the clock."""

    __tablename__ = "events_log"

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE)
    project_id: Mapped[int] = foreign_key("project.id")
    step: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20))
    by: Mapped[int | None] = mapped_column(BIG)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

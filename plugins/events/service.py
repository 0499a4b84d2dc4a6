"""What staff do: write an activity, lead it from state to state, change seats, mark attendance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.booking import lead
from plugins.events.errors import EventError
from plugins.events.ladder.pledging import note_marked
from plugins.events.models import Event, LogEntry, Occurrence, Quota, Registration, SeatRow, Window
from plugins.events.policy import standing
from plugins.events.reminding import forget_reminders
from plugins.events.searching import put_into_search, take_out_of_search
from plugins.events.seats import lock_quotas, set_capacity
from plugins.events.states import (
    AT_THE_DOOR,
    EDITABLE,
    EXPECTED,
    PUBLIC,
    STEPS,
    QueueRule,
    Seat,
    State,
)
from plugins.events.waiting import serve
from portal.sdk import ProjectRef, UtcDateTime, db, emit, enqueue, record


@dataclass(frozen=True)
class Draft:
    """An activity as staff write it. `price`, `deposit`: milli-points a seat; `capacity`: None is
    unlimited, 0 is closed."""

    title: Mapping[str, str]
    about: Mapping[str, str]
    place: Mapping[str, str]
    notes: Mapping[str, str]
    cover: str
    category: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime
    price: int
    deposit: int
    capacity: int | None
    household_most: int | None = None
    least_age: int | None = None
    queue_rule: str = QueueRule.NONE
    by_approval: bool = False
    guests_most: int = 0

    def words(self) -> str:
        """Return every language in one, for the search of lists."""
        texts = (*self.title.values(), *self.place.values(), *self.about.values())
        return "\n".join(texts).lower()


_OF_EVENT = ("title", "about", "place", "notes", "cover", "category")
_OF_DATE = (
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "cancel_until",
    "price",
    "deposit",
    "household_most",
    "least_age",
    "queue_rule",
    "by_approval",
    "guests_most",
)


def write(*, actor: Any, project: ProjectRef, draft: Draft) -> Occurrence:
    """Make a draft with its one date and its seats."""
    event = Event(project_id=project.id, words=draft.words(), **_values(draft, _OF_EVENT))
    db.session.add(event)
    db.session.flush()
    made = Occurrence(event=event, project_id=project.id, **_values(draft, _OF_DATE))
    db.session.add(made)
    db.session.flush()
    db.session.add(
        Quota(occurrence_id=made.id, project_id=project.id, key="total", capacity=draft.capacity)
    )
    log_step(actor=actor, occurrence=made, step="write")
    return made


def rewrite(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    draft: Draft,
    at: datetime,
    event: Event | None = None,
) -> None:
    """Change an activity; `event`: another row for its texts. Who is registered hears of another
    time or place, keeps the seat, and may cancel free of charge at least as long as before; new
    seats go to who waits. Raises EventError."""
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    quota = next(each for each in lock_quotas(occurrence.id) if each.key == "total")
    # Nobody leads it on meanwhile: its state is the same when this commits.
    guard(occurrence, (occurrence.state,), {"sequence": Occurrence.sequence + 1})
    moved = occurrence.starts_at != draft.starts_at or occurrence.event.place != draft.place
    occurrence.event = event or occurrence.event
    for key, value in _values(draft, _OF_EVENT).items():
        setattr(occurrence.event, key, value)
    occurrence.event.words = draft.words()
    for key, value in _values(draft, _OF_DATE).items():
        setattr(occurrence, key, value)
    occurrence.first_opens_at = first_opening(occurrence.id, draft.opens_at)
    db.session.flush()
    set_capacity(quota, draft.capacity)
    serve(occurrence, lock_quotas(occurrence.id), project, at)
    db.session.execute(
        sa.update(Registration)
        .where(
            Registration.occurrence_id == occurrence.id,
            Registration.state.in_(EXPECTED),
            Registration.cancel_until < draft.cancel_until,
        )
        .values(cancel_until=draft.cancel_until)
    )
    log_step(actor=actor, occurrence=occurrence, step="edit")
    if occurrence.state in PUBLIC:
        put_into_search(occurrence, project)
    if moved:
        forget_reminders(occurrence)
    if moved and occurrence.state in (State.SCHEDULED, State.OPEN, State.CLOSED):
        _ask(occurrence, "events.tell_move")


def take_step(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    step: str,
    at: datetime,
    reason: str = "",
) -> None:
    """Lead an activity on. `actor` None: the clock. Raises EventError: ILLEGAL_STEP with the state
    where it stands, OWN_WORK, PAST, NO_REASON."""
    way = STEPS[step]
    if way.reason and not reason:
        raise EventError("NO_REASON", state=occurrence.state)
    if step == "approve" and actor.id == occurrence.submitted_by:
        raise EventError("OWN_WORK", state=occurrence.state)
    if step in ("submit", "approve", "open", "resume") and occurrence.closes_at <= at:
        raise EventError("PAST", state=occurrence.state)
    changed: dict[str, Any] = {
        "state": way.target,
        "sequence": Occurrence.sequence + 1,
        "reason": reason if way.target in (State.POSTPONED, State.CANCELLED) else "",
    }
    if step == "submit":
        changed["submitted_by"] = actor.id
    if step == "open" and occurrence.opens_at > at:
        changed |= {"opens_at": at, "first_opens_at": None}
        later = sa.update(Window).where(Window.occurrence_id == occurrence.id, Window.opens_at > at)
        db.session.execute(later.values(opens_at=at))
    guard(occurrence, tuple(way.sources), changed)
    log_step(actor=actor, occurrence=occurrence, step=step, reason=reason)
    _follow(occurrence, project, step)


def _follow(occurrence: Occurrence, project: ProjectRef, step: str) -> None:
    if occurrence.state in PUBLIC:
        put_into_search(occurrence, project)
    if step in ("cancel", "archive", "return"):
        take_out_of_search(occurrence)
    if step == "approve":
        _emit("events.published", occurrence)
    if step == "cancel":
        _emit("events.called_off", occurrence)
        _ask(occurrence, "events.call_off")
    if step == "postpone":
        _ask(occurrence, "events.tell_postponed")
    if step == "resume":
        _ask(occurrence, "events.tell_move")
    if step == "start":
        _ask(occurrence, "events.end_queue")
    if step == "settle":
        _ask(occurrence, "events.settle")


def keep_time(*, project: ProjectRef, occurrence: Occurrence, at: datetime) -> int:
    """Write down every step that the clock has made; return how many."""
    steps = {State.SCHEDULED: "open", State.OPEN: "close", State.CLOSED: "start"}
    taken = 0
    while standing(occurrence, at) != occurrence.state:
        state = State(occurrence.state)
        step = steps.get(state, "end")
        if step == "open" and occurrence.closes_at <= at:
            guard(occurrence, (state,), {"state": State.CLOSED})
            log_step(actor=None, occurrence=occurrence, step="close")
        else:
            take_step(actor=None, project=project, occurrence=occurrence, step=step, at=at)
        taken += 1
    return taken


def mark(
    *, actor: Any, registration: Registration, occurrence: Occurrence, state: Seat, at: datetime
) -> None:
    """Note whether a party came. Raises EventError unless it is under way or ended."""
    lock_quotas(occurrence.id)
    db.session.refresh(occurrence)
    db.session.refresh(registration)
    if occurrence.state not in (State.RUNNING, State.ENDED):
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    if registration.state not in AT_THE_DOOR or state not in AT_THE_DOOR:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    lead(registration, state)
    note_marked(registration, actor.id)
    came = state == Seat.ATTENDED
    db.session.execute(
        sa.update(SeatRow)
        .where(SeatRow.registration_id == registration.id)
        .values(checked_in_at=at if came else None, checked_in_by=actor.id if came else None)
    )
    record(
        actor=actor,
        action="events.marked",
        subject=("events_registration", registration.public_id),
        project_id=occurrence.project_id,
        facts={"state": str(state)},
    )


def first_opening(occurrence_id: int, opens_at: datetime) -> datetime | None:
    """Return when the earliest tier may register, None unless it is before everybody."""
    windows = sa.select(sa.func.min(Window.opens_at, type_=UtcDateTime))
    first = db.session.scalar(windows.where(Window.occurrence_id == occurrence_id))
    return first if first is not None and first < opens_at else None


def guard(occurrence: Occurrence, sources: tuple[str, ...], values: dict[str, Any]) -> None:
    """Change an activity's row while it stands at one of the sources, or raise ILLEGAL_STEP."""
    db.session.flush()
    done = db.session.execute(
        sa.update(Occurrence)
        .where(Occurrence.id == occurrence.id, Occurrence.state.in_(sources))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(occurrence)
    if not getattr(done, "rowcount", 0):
        raise EventError("ILLEGAL_STEP", state=occurrence.state)


def log_step(*, actor: Any, occurrence: Occurrence, step: str, reason: str = "") -> None:
    """Write a step into the activity's log and into the audit trail."""
    db.session.add(
        LogEntry(
            occurrence_id=occurrence.id,
            project_id=occurrence.project_id,
            step=step,
            state=occurrence.state,
            by=actor.id if actor else None,
            reason=reason,
        )
    )
    record(
        actor=actor,
        action=f"events.{step}",
        subject=("events_occurrence", occurrence.public_id),
        project_id=occurrence.project_id,
        facts={"state": occurrence.state},
        reason=reason or None,
    )


def _emit(kind: str, occurrence: Occurrence) -> None:
    emit(
        kind=kind,
        project_id=occurrence.project_id,
        subject=("events_occurrence", occurrence.public_id),
    )


def _ask(occurrence: Occurrence, kind: str) -> None:
    enqueue(
        kind=kind,
        payload={"occurrence": occurrence.id, "sequence": occurrence.sequence},
        project_id=occurrence.project_id,
        key=f"{kind}:{occurrence.public_id}:{occurrence.sequence}",
    )


def _values(draft: Draft, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in names}

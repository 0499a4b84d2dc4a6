"""What staff and the clock do: set how seats are given, freeze the entries, draw once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.ballot.drawing import Lots, digest_of, draw, frozen_text, read_frozen, seed_of
from plugins.events.ballot.models import Ballot, Draw, DrawEntry, Freeze, Mode
from plugins.events.ballot.outcome import give_seats
from plugins.events.ballot.terms import draw_due, entries_end
from plugins.events.errors import EventError
from plugins.events.models import Counted, Occurrence, Quota, Registration
from plugins.events.policy import standing
from plugins.events.seats import lock_quotas
from plugins.events.service import guard, log_step
from plugins.events.states import EDITABLE, Seat, State
from portal.sdk import ProjectRef, db, enqueue

LONGEST_NUMBER = 40


@dataclass(frozen=True)
class Way:
    """How seats are given: `mode` None is first come, first served. See models.Ballot."""

    mode: Mode | None
    minutes: int | None = None
    draw_at: datetime | None = None
    source: Mapping[str, str] | None = None
    tiers: Mapping[str, int] | None = None
    missed: int = 0
    missed_most: int = 0


def set_way(*, actor: Any, occurrence: Occurrence, way: Way, at: datetime) -> None:
    """Set how an activity's seats are given. Raises EventError MODE_FIXED once registration has
    begun: what members were shown stays."""
    lock_quotas(occurrence.id)
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    guard(occurrence, (occurrence.state,), {"sequence": Occurrence.sequence + 1})
    begun = occurrence.state != State.DRAFT and standing(occurrence, at) != State.SCHEDULED
    if begun or _anybody(occurrence):
        raise EventError("MODE_FIXED", state=occurrence.state)
    if way.mode is not None and occurrence.by_approval:
        raise EventError("NOT_BOTH", state=occurrence.state)
    found = db.session.get(Ballot, occurrence.id)
    if way.mode is None:
        if found is not None:
            db.session.delete(found)
    else:
        if found is None:
            secret = secrets.token_hex(32)
            where = {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}
            found = Ballot(**where, secret=secret, secret_hash=digest_of(secret))
            db.session.add(found)
        ballot = way.mode == Mode.BALLOT
        found.mode = way.mode
        found.minutes = None if ballot else way.minutes
        found.draw_at = way.draw_at if ballot else None
        found.source = dict(way.source or {}) if ballot else {}
        found.tiers, found.missed = dict(way.tiers or {}), way.missed
        found.missed_most = way.missed_most
    db.session.flush()
    db.session.refresh(occurrence)
    log_step(actor=actor, occurrence=occurrence, step="ballot", reason=way.mode or "")


def freeze(occurrence: Occurrence, quotas: list[Quota], at: datetime) -> Ballot | None:
    """Write down the entries and publish their hash, once, when the time for entering is over. The
    quotas are locked. Return the ballot when it is frozen."""
    ballot = occurrence.ballot
    if ballot is None or ballot.frozen_at is not None:
        return ballot
    if at < entries_end(occurrence) or standing(occurrence, at) not in (State.OPEN, State.CLOSED):
        return None
    keys = {quota.id: quota.public_id for quota in quotas}
    text = frozen_text(_entries(occurrence, keys), _room(quotas))
    digest = digest_of(text)
    where = {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}
    db.session.add(Freeze(**where, entries=text, digest=digest, at=at))
    ballot.frozen_at, ballot.digest = at, digest
    db.session.flush()
    log_step(actor=None, occurrence=occurrence, step="freeze", reason=f"SHA-256 {digest}")
    return ballot


def hold_draw(
    *, actor: Any, occurrence_id: int, project: ProjectRef, at: datetime, number: str = ""
) -> Draw:
    """Draw an activity's seats, once. `actor` None: the clock; `number`: the public one, where the
    activity names it.

    Raises EventError: NO_DRAW, ALREADY_DRAWN, DRAW_TOO_EARLY, NO_NUMBER, or where it stands.
    """
    quotas = lock_quotas(occurrence_id)
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    if occurrence.ballot is None:
        raise EventError("NO_DRAW", state=occurrence.state)
    if occurrence.ballot.drawn_at is not None:
        raise EventError("ALREADY_DRAWN", state=occurrence.state)
    if standing(occurrence, at) not in (State.OPEN, State.CLOSED):
        raise EventError("OVER", state=occurrence.state)
    ballot = freeze(occurrence, quotas, at)
    if ballot is None or at < draw_due(occurrence):
        raise EventError("DRAW_TOO_EARLY", state=occurrence.state)
    number = number.strip() if ballot.source else ""
    if ballot.source and not 0 < len(number) <= LONGEST_NUMBER:
        raise EventError("NO_NUMBER", state=occurrence.state)
    frozen = db.session.get_one(Freeze, occurrence_id)
    entries, room_then = read_frozen(frozen.entries)
    room = _smaller(room_then, _room(quotas))
    drawn = draw(entries, seed_of(ballot.secret, number, frozen.digest), room)
    made = Draw(
        occurrence_id=occurrence_id,
        project_id=occurrence.project_id,
        secret=ballot.secret,
        number=number,
        room=room,
        outcome=[[key, won] for key, won in drawn],
        by=actor.id if actor else None,
        at=at,
    )
    db.session.add(made)
    ballot.drawn_at = at
    db.session.flush()
    give_seats(occurrence, quotas, project, drawn, at)
    log_step(actor=actor, occurrence=occurrence, step="draw", reason=number)
    enqueue(
        kind="events.tell_draw",
        payload={"occurrence": occurrence_id},
        project_id=occurrence.project_id,
        key=f"events.tell_draw:{occurrence.public_id}",
    )
    return made


def _anybody(occurrence: Occurrence) -> bool:
    entered = sa.select(DrawEntry.id).where(DrawEntry.occurrence_id == occurrence.id).limit(1)
    return db.session.scalar(entered) is not None


def _entries(occurrence: Occurrence, keys: Mapping[int, str]) -> list[Lots]:
    rows = db.session.execute(
        sa.select(DrawEntry.public_id, Registration.seats, DrawEntry.lots, Registration.id)
        .join(Registration, Registration.id == DrawEntry.registration_id)
        .where(DrawEntry.occurrence_id == occurrence.id, Registration.state == Seat.ENTERED)
    ).all()
    needs: dict[int, dict[str, int]] = {row[3]: {} for row in rows}
    counted = db.session.execute(
        sa.select(Counted.registration_id, Counted.quota_id, Counted.seats)
        .join(Registration, Registration.id == Counted.registration_id)
        .where(Registration.occurrence_id == occurrence.id, Registration.state == Seat.ENTERED)
    )
    for registration_id, quota_id, many in counted:
        needs[registration_id][keys[quota_id]] = many
    return [Lots(row[0], row[1], row[2], needs[row[3]]) for row in rows]


def _room(quotas: list[Quota]) -> dict[str, int | None]:
    return {quota.public_id: None if quota.free is None else max(0, quota.free) for quota in quotas}


def _smaller(
    then: Mapping[str, int | None], today: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Return what was free at the freeze, or less where there is less today."""
    found: dict[str, int | None] = {}
    for key, free in then.items():
        both = [each for each in (free, today.get(key, 0)) if each is not None]
        found[key] = min(both) if both else None
    return found


__all__ = ["Way", "freeze", "hold_draw", "set_way"]

"""The log of a case: the only way in which its state, level and round change."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, LogEntry
from plugins.complaints.states import STEPS, By, State, after
from portal.sdk import db, now

_START = "0" * 64
_STORY_MOST = 12


def lock(case_id: int, *, version: int | None = None) -> Case:
    """Return a case that nobody else changes until the commit.

    `version`: what the page showed; raises CaseError STALE when somebody was faster.
    """
    case = db.session.execute(
        sa.select(Case)
        .where(Case.id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if version is not None and version != case.version:
        raise CaseError("STALE", state=case.state, version=case.version)
    return case


_acting_at: ContextVar[datetime | None] = ContextVar("complaints_acting_at", default=None)


@contextmanager
def acting_at(moment: datetime) -> Iterator[None]:
    """Let what is done inside have been done then: for the demo's past, and for tests."""
    token = _acting_at.set(moment)
    try:
        yield
    finally:
        _acting_at.reset(token)


def database_now() -> datetime:
    """Return the moment by the database's clock: ask after the lock, so that it orders acts."""
    if (moment := _acting_at.get()) is not None:
        return moment.astimezone(UTC)
    if db.session.get_bind().dialect.name != "postgresql":
        return now()
    found: datetime = db.session.scalars(sa.select(sa.func.clock_timestamp())).one()
    return found.astimezone(UTC)


def take(
    case: Case,
    step: str,
    *,
    by: By,
    at: datetime,
    account_id: int | None = None,
    opens: State | None = None,
    level: int | None = None,
    new_round: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> LogEntry:
    """Write a step into the log of a locked case and make the case what the log says.

    `opens`: the state that "submit" begins with.

    Raises CaseError ILLEGAL_STEP where the state does not allow it.
    """
    if step != "submit":
        way = STEPS[step]
        if case.state not in way.sources or by not in way.by:
            raise CaseError("ILLEGAL_STEP", state=case.state, version=case.version)
    if level is not None and level < case.level:
        raise ValueError("a level does not fall")
    case.state = opens or after(step, State(case.state), by)
    case.level = case.level if level is None else level
    case.round += new_round
    first = step == "submit"
    entry = LogEntry(
        case_id=case.id,
        project_id=case.project_id,
        seq=1 if first else case.version + 1,
        step=step,
        state=case.state,
        level=case.level,
        round=case.round,
        by=by,
        account_id=account_id,
        facts=dict(facts or {}),
        at=at,
        previous=_START if first else case.head,
        created_at=at,
    )
    entry.hash = hash_of(entry)
    case.version, case.head = entry.seq, entry.hash
    case.story = [entry.told, *(case.story or [])][:_STORY_MOST]
    db.session.add(entry)
    db.session.flush()
    return entry


def hash_of(entry: LogEntry) -> str:
    """Return the hash of an entry over the one before."""
    told = [
        entry.previous,
        entry.case_id,
        entry.seq,
        entry.step,
        entry.state,
        entry.level,
        entry.round,
        entry.by,
        entry.account_id,
        dict(entry.facts),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def fold(entries: Sequence[LogEntry]) -> tuple[str, int, int, int]:
    """Return (state, level, round, version) that a whole log says.

    Raises ValueError for a gap, a changed entry, a level that falls, or a step out of order.
    """
    state, level, round_, previous = "", 0, 1, _START
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number or entry.previous != previous or entry.hash != hash_of(entry):
            raise ValueError(f"the log is broken at {number}")
        way = STEPS.get(entry.step)
        if number > 1 and (way is None or state not in way.sources):
            raise ValueError(f"{entry.step} does not follow {state}")
        if number > 1 and entry.state != after(entry.step, State(state), By(entry.by)):
            raise ValueError(f"{entry.step} does not lead to {entry.state}")
        if entry.level < level or entry.round < round_:
            raise ValueError(f"the level falls at {number}")
        state, level, round_, previous = entry.state, entry.level, entry.round, entry.hash
    return state, level, round_, len(entries)

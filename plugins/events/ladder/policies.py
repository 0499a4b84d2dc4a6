"""The policy in versions: written by one, published by another; and the days that do not count."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.errors import EventError
from plugins.events.ladder.marking import run_down_anew
from plugins.events.ladder.models import Pause, Policy, Version
from portal.sdk import ProjectRef, db, record

FIELDS = (
    "no_show_weight",
    "late_weight",
    "warn_from",
    "later_from",
    "queue_from",
    "later_hours",
    "days",
    "notice_hours",
)


def newest(project_id: int) -> Policy | None:
    """Return the version written last, draft or published."""
    mine = sa.select(Policy).where(Policy.project_id == project_id)
    return db.session.scalar(mine.order_by(Policy.version.desc()).limit(1))


def write_draft(
    *, actor: Any, project: ProjectRef, starts_at: datetime, values: Mapping[str, int], seen: int
) -> Policy:
    """Write the next version, or change the draft that there is.

    `seen`: the newest version that the writer saw, 0 for none. Raises EventError: CHANGED when it
    was published or another was written meanwhile.
    """
    found = newest(project.id)
    if (found.version if found else 0) != seen:
        raise EventError("CHANGED")
    wanted = {name: values[name] for name in FIELDS} | {"starts_at": starts_at}
    if found is not None and found.state == Version.DRAFT:
        done = db.session.execute(
            sa.update(Policy)
            .where(Policy.id == found.id, Policy.state == Version.DRAFT)
            .values(**wanted, written_by=actor.id)
            .execution_options(synchronize_session="fetch")
        )
        if not getattr(done, "rowcount", 0):
            raise EventError("CHANGED")
        made = found
    else:
        made = Policy(project_id=project.id, version=seen + 1, written_by=actor.id, **wanted)
        try:
            with db.session.begin_nested():
                db.session.add(made)
        except IntegrityError as error:
            raise EventError("CHANGED") from error
    _record(actor, "events.policy_written", made)
    return made


def publish(*, actor: Any, policy: Policy, seen: datetime, at: datetime) -> None:
    """Put a draft in force from its date, or from now where that is past.

    `seen`: its date as the publisher saw it. Raises EventError: OWN_POLICY for who wrote it,
    CHANGED when it is no draft any more.
    """
    if actor.id == policy.written_by:
        raise EventError("OWN_POLICY")
    starts = max(policy.starts_at, at)
    done = db.session.execute(
        sa.update(Policy)
        .where(
            Policy.id == policy.id,
            Policy.state == Version.DRAFT,
            Policy.written_by != actor.id,
            Policy.starts_at == seen,
        )
        .values(state=Version.PUBLISHED, published_by=actor.id, starts_at=starts)
        .execution_options(synchronize_session="fetch")
    )
    if not getattr(done, "rowcount", 0):
        raise EventError("CHANGED")
    _record(actor, "events.policy_published", policy)


def add_pause(
    *, actor: Any, project: ProjectRef, title: str, first: date, last: date, at: datetime
) -> Pause:
    """Add days on which marks do not run down. Raises EventError CHANGED where it is there."""
    made = Pause(project_id=project.id, title=title, first=first, last=last)
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise EventError("CHANGED") from error
    _pauses_changed(actor, project, "events.pause_added", made, at)
    return made


def remove_pause(*, actor: Any, project: ProjectRef, pause: Pause, at: datetime) -> None:
    """Let days count after all."""
    db.session.delete(pause)
    _pauses_changed(actor, project, "events.pause_removed", pause, at)


def _pauses_changed(
    actor: Any, project: ProjectRef, action: str, pause: Pause, at: datetime
) -> None:
    db.session.flush()
    run_down_anew(project=project, at=at)
    record(
        actor=actor,
        action=action,
        subject=("project", project.slug),
        project_id=project.id,
        facts={"first": pause.first.isoformat(), "last": pause.last.isoformat()},
    )


def _record(actor: Any, action: str, policy: Policy) -> None:
    record(
        actor=actor,
        action=action,
        subject=("events_ladder_policy", policy.public_id),
        project_id=policy.project_id,
        facts={"version": policy.version, **{name: getattr(policy, name) for name in FIELDS}},
    )

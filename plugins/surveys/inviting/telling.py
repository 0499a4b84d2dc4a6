"""The jobs that tell a wave's frame: in chunks, each line once, whatever is tried again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.inviting.notices import INVITED, PUBLISHED, REMINDED
from plugins.surveys.models import Participation, Wave
from plugins.surveys.states import State
from portal.sdk import (
    Job,
    JobRun,
    MemberRef,
    ProjectRef,
    db,
    enqueue,
    find_members,
    find_projects,
    notify,
    now,
    residents_of_each,
)

INVITE, REMIND, PUBLISH = "surveys.invite", "surveys.remind", "surveys.tell_of_results"
CHUNK = 100
"""Lines of the frame at once."""
_TOLD_AT_ONCE = 500


def ask_for_invitations(wave: Wave, project: ProjectRef) -> None:
    """Let a job invite the frame of a wave that has just opened, or goes on after a pause."""
    key = f"{INVITE}:{wave.public_id}:{wave.version}"
    enqueue(kind=INVITE, payload={"wave": wave.id}, project_id=project.id, key=key)


def invite(run: JobRun) -> None:
    """Invite everybody who is asked and was not invited yet."""
    while found := _open(run):
        wave, project = found
        waiting = (Participation.invited_at.is_(None), Participation.answered.is_(False))
        ids = _some(wave, 0, *waiting)
        if not ids:
            return
        claim = (
            sa.update(Participation)
            .where(Participation.id.in_(ids), *waiting)
            .values(invited_at=now())
            .returning(Participation.member_id, Participation.household_id)
            .execution_options(synchronize_session=False)
        )
        claimed = db.session.execute(claim).all()
        _tell(wave, project, claimed, INVITED, f"{INVITED}:{wave.public_id}")
        run.checkpoint(done=run.done + len(ids))


def remind(run: JobRun) -> None:
    """Tell those who were marked by a reminder and still have not answered."""
    at = datetime.fromisoformat(run.payload["at"])
    while found := _open(run):
        wave, project = found
        marked = (Participation.reminded_at == at, Participation.answered.is_(False))
        ids = _some(wave, run.payload.get("after", 0), *marked)
        if not ids:
            return
        rows = db.session.execute(
            sa.select(Participation.member_id, Participation.household_id).where(
                Participation.id.in_(ids)
            )
        ).all()
        _tell(wave, project, rows, REMINDED, f"{REMINDED}:{wave.public_id}:{at:%Y%m%d%H%M%S}")
        run.checkpoint(done=run.done + len(ids), payload={**run.payload, "after": ids[-1]})


def tell_of_results(wave: Wave, project: ProjectRef) -> None:
    """Let a job tell who was asked that the results are there."""
    key = f"{PUBLISH}:{wave.public_id}"
    enqueue(kind=PUBLISH, payload={"wave": wave.id}, project_id=project.id, key=key)


def published(run: JobRun) -> None:
    """Tell everybody who was asked, once each, that the results are published."""
    wave = db.session.get(Wave, run.payload["wave"], populate_existing=True)
    project = find_projects([wave.project_id]).get(wave.project_id) if wave else None
    while wave and project and wave.state == State.PUBLISHED:
        ids = _some(wave, run.payload.get("after", 0))
        if not ids:
            return
        columns = (Participation.member_id, Participation.household_id)
        rows = db.session.execute(sa.select(*columns).where(Participation.id.in_(ids))).all()
        cause = f"{PUBLISHED}:{wave.public_id}"
        _tell(wave, project, rows, PUBLISHED, cause, page="/results")
        run.checkpoint(done=run.done + len(ids), payload={**run.payload, "after": ids[-1]})


def _open(run: JobRun) -> tuple[Wave, ProjectRef] | None:
    """Return the wave of a job while it takes answers: who answers too late is not called."""
    wave = db.session.get(Wave, run.payload["wave"], populate_existing=True)
    if wave is None or wave.state != State.FIELD:
        return None
    if wave.closes_at is not None and wave.closes_at <= now():
        return None
    project = find_projects([wave.project_id]).get(wave.project_id)
    return (wave, project) if project else None


def _some(wave: Wave, after: int, *wanted: sa.ColumnElement[bool]) -> Sequence[int]:
    mine = sa.select(Participation.id).where(
        Participation.wave_id == wave.id, Participation.id > after, *wanted
    )
    return db.session.scalars(mine.order_by(Participation.id).limit(CHUNK)).all()


def _tell(
    wave: Wave,
    project: ProjectRef,
    lines: Collection[Any],
    kind: str,
    cause: str,
    page: str = "",
) -> None:
    people = list(_people(lines, project))
    for first in range(0, len(people), _TOLD_AT_ONCE):
        notify(
            members=people[first : first + _TOLD_AT_ONCE],
            kind=kind,
            cause=cause,
            project=project,
            values={"title": dict(wave.title), "until": wave.closes_at or now()},
            url=f"/p/{project.slug}/surveys/{wave.public_id}{page}",
        )


def _people(lines: Iterable[Any], project: ProjectRef) -> Iterable[MemberRef]:
    """Yield the persons that lines stand for: the one, or who of the household lives here."""
    rows = list(lines)
    persons = {row.member_id for row in rows if row.member_id}
    households = {row.household_id for row in rows if row.household_id and not row.member_id}
    yield from find_members(persons).values()
    for members in residents_of_each(households, project).values():
        yield from members


def all_jobs() -> list[Job]:
    """Return the kinds of jobs that tell."""
    return [Job(INVITE, invite), Job(REMIND, remind), Job(PUBLISH, published)]

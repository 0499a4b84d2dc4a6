"""Taking an import back, and letting one of its refused rows take another's place."""

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.files.service import erase_file
from portal.jobs.service import enqueue
from portal.projects.models import Project
from portal.roster.checking import Entry
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.examining import checker_of
from portal.roster.kinds import Undone, kind_of
from portal.roster.known import Known, KnownPerson
from portal.roster.models import ImportState, RosterEntry, RosterFault, RosterImport
from portal.roster.progress import Progress
from portal.roster.reading import read_table
from portal.roster.service import OWNER_KIND, may_resume, reload
from portal.roster.writing import write_entries
from portal.search.service import refresh


def may_undo(job: RosterImport) -> bool:
    """Tell whether there is something that an undo could take back."""
    return job.state == ImportState.DONE or may_resume(job)


def undo_import(*, actor: Account | None, job: RosterImport) -> Undone:
    """Take back what this import added and nobody has claimed or used since.

    Entries that members claimed stay, with their homes. Raises RosterStateError.
    """
    if not may_undo(job):
        raise RosterStateError(job.state)
    changed = db.session.execute(
        sa.update(RosterImport)
        .where(RosterImport.id == job.id, RosterImport.state == job.state)
        .values(state=ImportState.UNDONE, finished_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        reload(job)
        raise RosterStateError(job.state)
    undone = kind_of(job.kind).take_back(job)
    facts = {
        "entries": undone.entries,
        "homes": undone.units,
        "buildings": undone.buildings,
        "kept": undone.kept,
    }
    db.session.execute(
        sa.update(RosterImport)
        .where(RosterImport.id == job.id)
        .values(counts={**job.counts, "undone": undone.entries, "kept": undone.kept})
        .execution_options(synchronize_session=False)
    )
    reload(job)
    erase_file(file=job.file)
    record(
        actor=actor,
        action=f"{kind_of(job.kind).audit}.undone",
        subject=(OWNER_KIND, job.public_id),
        project_id=job.project_id,
        facts=facts,
    )
    return undone


def take_row(
    *, actor: Account, job: RosterImport, project: Project, data: bytes, fault: RosterFault
) -> None:
    """Let a refused row take the place of what the roster says instead.

    Raises RosterStateError, or RosterError: not_decidable, claimed (a member has the home already:
    its owner is changed on the home's page).
    """
    if job.state != ImportState.DONE:
        raise RosterStateError(job.state)
    if fault.code not in kind_of(job.kind).decidable or fault.facts.get("taken"):
        raise RosterError("not_decidable")
    entry = _entry_at(project, job, data, fault.line)
    known = Known(job.project_id)
    rivals = known.rivals(entry)[1]
    if any(person.claimed for person in rivals):
        raise RosterError("claimed")
    units = _remove_people(rivals)
    refresh("roster_entry", [person.entry_id for person in rivals])
    progress = Progress.of(job)
    made = write_entries(progress, known, [entry])
    if not made["new"]:
        raise RosterError("not_decidable")
    enqueue(kind="roster.index", payload={"import": job.id}, project_id=job.project_id)
    _keep_marks(job, units)
    job.counts = {**job.counts, "taken": job.counts.get("taken", 0) + 1}
    job.made_buildings = progress.made_buildings
    fault.facts = {**fault.facts, "taken": True}
    record(
        actor=actor,
        action="roster.row_taken",
        subject=(OWNER_KIND, job.public_id),
        project_id=job.project_id,
        facts={"line": fault.line, "code": fault.code, "replaced": len(rivals)},
    )


def _entry_at(project: Project, job: RosterImport, data: bytes, line: int) -> Entry:
    table = read_table(data)
    for row in map(checker_of(project, table, job.mapping).check, table.rows):
        if row.line == line and row.entry is not None:
            return row.entry
    raise RosterError("not_decidable")


def _remove_people(people: list[KnownPerson]) -> set[int]:
    """Remove unclaimed entries; return the homes that had come with them. Raises RosterError."""
    removed = db.session.execute(
        sa.delete(RosterEntry)
        .where(
            RosterEntry.id.in_([person.entry_id for person in people]),
            RosterEntry.claimed_by_id.is_(None),
        )
        .returning(RosterEntry.unit_id, RosterEntry.made_unit)
        .execution_options(synchronize_session=False)
    ).all()
    if len(removed) != len(people):
        raise RosterError("claimed")
    return {unit_id for unit_id, made in removed if made}


def _keep_marks(job: RosterImport, units: set[int]) -> None:
    """The new entry of a home takes over that the home came with the one it replaces."""
    db.session.execute(
        sa.update(RosterEntry)
        .where(RosterEntry.import_id == job.id, RosterEntry.unit_id.in_(units))
        .values(made_unit=True)
        .execution_options(synchronize_session=False)
    )

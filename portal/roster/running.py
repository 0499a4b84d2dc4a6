"""The import itself: chunk by chunk, so that a crash loses one chunk and a resume none."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.jobs.service import enqueue
from portal.projects.models import Project
from portal.roster.checking import Checked, Entry
from portal.roster.examining import checker_of, settle, tally
from portal.roster.known import Known
from portal.roster.models import RosterImport
from portal.roster.progress import Progress
from portal.roster.reading import read_table
from portal.roster.service import OWNER_KIND, add_faults
from portal.roster.writing import write_entries

CHUNK = 2000
T = TypeVar("T")


def run_import(
    *, actor: Account | None, job: RosterImport, project: Project, data: bytes, chunk: int = CHUNK
) -> Iterator[int]:
    """Write a running import's rows; yield the number done, whereupon the caller commits.

    Rows that an earlier run committed are checked again, since later rows are held against them,
    but not written. Raises RosterFileError, RosterStoppedError.
    """
    progress, public_id = Progress.of(job), job.public_id
    table = read_table(data)
    checker = checker_of(project, table, progress.mapping)
    rows = map(checker.check, table.rows)
    for _ in islice(rows, progress.rows_done):
        pass
    known = Known(progress.project_id)
    for part in _chunks(rows, chunk):
        _write(progress, known, part)
        progress.advance(len(part))
        yield progress.rows_done
    progress.finish()
    enqueue(
        kind="roster.index",
        payload={"import": progress.import_id},
        project_id=progress.project_id,
    )
    record(
        actor=actor,
        action="roster.imported",
        subject=(OWNER_KIND, public_id),
        project_id=progress.project_id,
        facts=dict(progress.counts),
    )
    yield progress.rows_done


def _write(progress: Progress, known: Known, rows: Sequence[Checked]) -> None:
    entries: list[Entry] = []
    faults = []
    for row in rows:
        settled, fate = settle(row, known, progress.mapping, makes_homes=progress.makes_homes)
        tally(progress.counts, settled)
        faults += [{"line": settled.line, **fault._asdict()} for fault in settled.faults]
        if fate == "new" and settled.entry is not None:
            entries.append(settled.entry)
        elif fate == "unchanged":
            progress.counts["unchanged"] += 1
    made = write_entries(progress, known, entries)
    # Somebody may have written the same row by hand since the preview.
    progress.counts["unchanged"] += len(entries) - made["new"]
    progress.counts += made
    db.session.flush()
    add_faults(progress.import_id, faults)


def _chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part

"""The import itself: chunk by chunk, so that a crash loses one chunk and a resume none."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.jobs.service import enqueue
from portal.projects.models import Project
from portal.roster.examining import CHUNK, checker_of, chunks, settle, tally
from portal.roster.kinds import Holdings, ImportKind, kind_of
from portal.roster.models import RosterImport
from portal.roster.progress import Progress
from portal.roster.reading import read_table
from portal.roster.rows import Checked
from portal.roster.service import OWNER_KIND, add_faults


def run_import(
    *, actor: Account | None, job: RosterImport, project: Project, data: bytes, chunk: int = CHUNK
) -> Iterator[int]:
    """Write a running import's rows; yield the number done, whereupon the caller commits.

    Rows that an earlier run committed are checked again, since later rows are held against them,
    but not written. Raises RosterFileError, RosterStoppedError.
    """
    progress, public_id, kind = Progress.of(job), job.public_id, kind_of(job.kind)
    table = read_table(data, kind.columns)
    checker = checker_of(project, table, progress.mapping, kind.key)
    rows = map(checker.check, table.rows)
    for _ in islice(rows, progress.rows_done):
        pass
    known = kind.known(progress.project_id)
    for part in chunks(rows, chunk):
        _write(kind, progress, known, part)
        progress.advance(len(part))
        yield progress.rows_done
    progress.finish()
    if kind.indexed:
        enqueue(
            kind="roster.index",
            payload={"import": progress.import_id},
            project_id=progress.project_id,
        )
    record(
        actor=actor,
        action=f"{kind.audit}.imported",
        subject=(OWNER_KIND, public_id),
        project_id=progress.project_id,
        facts=dict(progress.counts),
    )
    yield progress.rows_done


def _write(kind: ImportKind, progress: Progress, known: Holdings, rows: Sequence[Checked]) -> None:
    entries: list[Any] = []
    faults = []
    known.prepare([row.entry for row in rows if row.entry is not None])
    for row in rows:
        settled, fate = settle(row, known, progress.mapping, makes_homes=progress.makes_homes)
        tally(progress.counts, settled)
        faults += [{"line": settled.line, **fault._asdict()} for fault in settled.faults]
        if fate in ("new", "updated") and settled.entry is not None:
            entries.append(settled.entry)
        elif fate == "unchanged":
            progress.counts["unchanged"] += 1
    made = kind.write(progress, known, entries)
    # Somebody may have written the same row by hand since the preview.
    progress.counts["unchanged"] += len(entries) - made["new"] - made["updated"]
    progress.counts += made
    db.session.flush()
    add_faults(progress.import_id, faults)

"""Reading the roster: whom it names for which home, and what an import did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.extensions import db
from portal.files.queries import bytes_of
from portal.members.models import Member
from portal.pagination import Page, page_of
from portal.projects.models import Unit
from portal.roster.cells import plain_name
from portal.roster.errors import RosterError
from portal.roster.examining import Found
from portal.roster.kinds import ROSTER_KIND
from portal.roster.models import ImportState, RosterEntry, RosterFault, RosterImport
from portal.roster.rows import Fault

MATCH_LIMIT = 50
"""One person has a handful of homes; more matches than this are a roster gone wrong."""
_WITH_UNIT = joinedload(RosterEntry.unit, innerjoin=True).joinedload(Unit.building, innerjoin=True)


@dataclass(frozen=True)
class Standing:
    """How many of a project's imports run, and how many stopped in the middle."""

    running: int
    stopped: int


def match(phone_hash: bytes, name: str) -> list[RosterEntry]:
    """Return the entries that nobody has claimed and that name this person, units loaded."""
    return list(
        db.session.scalars(
            sa.select(RosterEntry)
            .options(_WITH_UNIT)
            .where(
                RosterEntry.phone_hash == phone_hash,
                RosterEntry.name == plain_name(name),
                RosterEntry.claimed_by_id.is_(None),
            )
            .order_by(RosterEntry.id)
            .limit(MATCH_LIMIT)
        )
    )


def entry_for(unit_id: int, phone_hash: bytes, name: str) -> RosterEntry | None:
    """Return what the roster says of this person in one home, claimed or not."""
    return db.session.scalar(
        sa.select(RosterEntry).where(
            RosterEntry.unit_id == unit_id,
            RosterEntry.phone_hash == phone_hash,
            RosterEntry.name == plain_name(name),
        )
    )


def entries_of_unit(unit_id: int) -> list[RosterEntry]:
    """Return everybody whom the roster names for a home, the owner first."""
    return list(
        db.session.scalars(
            sa.select(RosterEntry)
            .where(RosterEntry.unit_id == unit_id)
            .order_by(RosterEntry.role != "owner", RosterEntry.id)
            .limit(MATCH_LIMIT)
        )
    )


def imports_of(project_id: int, kinds: Collection[str] = (ROSTER_KIND,)) -> Page[RosterImport]:
    """Return a page of a project's imports, newest first, with file and person."""
    return page_of(
        sa.select(RosterImport)
        .options(joinedload(RosterImport.file), joinedload(RosterImport.started_by))
        .where(RosterImport.project_id == project_id, RosterImport.kind.in_(kinds)),
        RosterImport.created_at,
        RosterImport.id,
        descending=True,
    )


def find_import(
    project_id: int, public_id: str, kinds: Collection[str] = (ROSTER_KIND,)
) -> RosterImport | None:
    """Return one import of a project, with file and person."""
    return db.session.scalar(
        sa.select(RosterImport)
        .options(joinedload(RosterImport.file), joinedload(RosterImport.started_by))
        .where(
            RosterImport.public_id == public_id,
            RosterImport.project_id == project_id,
            RosterImport.kind.in_(kinds),
        )
    )


def faults_of(import_id: int, code: str = "") -> Page[RosterFault]:
    """Return a page of an import's faults in the order of the file, of one kind or all."""
    statement = sa.select(RosterFault).where(RosterFault.import_id == import_id)
    if code:
        statement = statement.where(RosterFault.code == code)
    return page_of(statement, RosterFault.line, RosterFault.id)


def fault_at(import_id: int, line: int) -> RosterFault | None:
    """Return the last fault of a row: the one that a person may decide."""
    return db.session.scalar(
        sa.select(RosterFault)
        .where(RosterFault.import_id == import_id, RosterFault.line == line)
        .order_by(RosterFault.id.desc())
        .limit(1)
    )


def all_faults(import_id: int) -> list[Found]:
    """Return every fault of an import in the order of the file."""
    rows = db.session.execute(
        sa.select(RosterFault.line, RosterFault.column, RosterFault.code, RosterFault.facts)
        .where(RosterFault.import_id == import_id)
        .order_by(RosterFault.line, RosterFault.id)
    )
    return [Found(line, Fault(column, code, facts)) for line, column, code, facts in rows]


def claimed_entries(import_id: int) -> Sequence[tuple[RosterEntry, Member]]:
    """Return the entries of an import that members have claimed: an undo leaves them."""
    rows = db.session.execute(
        sa.select(RosterEntry, Member)
        .join(RosterEntry.unit)
        .join(Unit.building)
        .options(contains_eager(RosterEntry.unit).contains_eager(Unit.building))
        .join(Member, Member.id == RosterEntry.claimed_by_id)
        .where(RosterEntry.import_id == import_id)
        .order_by(RosterEntry.id)
        .limit(MATCH_LIMIT)
    )
    return [(entry, member) for entry, member in rows]


def claimed_and_free(import_id: int) -> tuple[int, int]:
    """Return how many entries of an import members have claimed, and how many nobody has."""
    claimed, every = db.session.execute(
        sa.select(sa.func.count(RosterEntry.claimed_by_id), sa.func.count()).where(
            RosterEntry.import_id == import_id
        )
    ).one()
    return claimed, every - claimed


def standing(project_id: int, kinds: Collection[str] = (ROSTER_KIND,)) -> Standing:
    """Count the imports of a project that run or stopped."""
    rows = db.session.execute(
        sa.select(RosterImport.state, sa.func.count())
        .where(
            RosterImport.project_id == project_id,
            RosterImport.kind.in_(kinds),
            RosterImport.state.in_((ImportState.RUNNING, ImportState.FAILED)),
        )
        .group_by(RosterImport.state)
    )
    counts: dict[str, int] = {row.state: row[1] for row in rows}
    return Standing(counts.get(ImportState.RUNNING, 0), counts.get(ImportState.FAILED, 0))


def read_bytes(job: RosterImport) -> bytes:
    """Return the bytes of an import's file. Raises RosterError("file_gone")."""
    found = bytes_of(job.file)
    if found is None:
        raise RosterError("file_gone")
    return found

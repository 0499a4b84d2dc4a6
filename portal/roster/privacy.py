"""What the sales office's list knows of a member."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.audit.privacy import blank_reasons_about
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.service import destroy_bytes
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ErasureNote, ExportPart, RetentionRule
from portal.projects.models import Unit
from portal.projects.queries import unit_title
from portal.roster.models import ImportState, RosterEntry, RosterFault, RosterImport

TABLES = {
    "roster_entry": Coverage(),
    "roster_import": Coverage(
        exported=False, erased=False, why="names only the staff account that began it"
    ),
    "roster_fault": Coverage(
        exported=False, erased=False, why="codes and lines of a file; goes with the retention"
    ),
}
_FOREVER = 100_000


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the roster's rows that name the member."""
    columns = {
        "home": lazy("Address of the home"),
        "name": lazy("Full name"),
        "phone": lazy("Mobile number"),
        "id_tail": lazy("Last digits of the ID number"),
        "role": lazy("Role in the home"),
        "note": lazy("Remark"),
        "claimed": lazy("Verified"),
    }
    return [
        ExportPart(
            "roster",
            lazy("The sales office's list"),
            columns,
            [
                {
                    "home": unit_title(row.unit),
                    "name": row.name,
                    "phone": row.phone,
                    "id_tail": row.id_tail,
                    "role": row.role,
                    "note": row.note,
                    "claimed": row.claimed_at,
                }
                for row in _entries(member)
            ],
            words={"role": "role"},
        )
    ]


def erase_member_data(member: Member) -> None:
    """Delete the rows that name the member: whoever joins again claims with a photo."""
    entries = _entries(member)
    blank_reasons_about(subjects=[("roster_entry", entry.public_id) for entry in entries])
    for entry in entries:
        db.session.delete(entry)


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return that the rows of the list go."""
    if not _entries(member):
        return []
    return [
        ErasureNote(
            lazy("Your rows in the sales office's list. If you join again, a photo verifies you.")
        )
    ]


def retention_rules() -> list[RetentionRule]:
    """Return how long a roster's file and its faults are kept."""
    return [
        RetentionRule(
            "roster_files", lazy("Files of roster imports"), 30, 1,
            count=lambda before: len(_files(before, _FOREVER)),
            delete=lambda before, limit: destroy_bytes(files=_files(before, limit)),
        ),
        RetentionRule(
            "roster_faults", lazy("Lists of refused roster rows"), 90, 7,
            count=lambda before: db.session.scalar(
                sa.select(sa.func.count()).where(RosterFault.import_id.in_(_old(before)))
            ) or 0,
            delete=_delete_faults,
        ),
    ]  # fmt: skip


def _entries(member: Member) -> list[RosterEntry]:
    account = db.session.get_one(Account, member.account_id)
    named = [RosterEntry.claimed_by_id == member.id]
    if account.phone_hash is not None:
        named.append(RosterEntry.phone_hash == account.phone_hash)
    return list(
        db.session.scalars(
            sa.select(RosterEntry)
            .options(
                joinedload(RosterEntry.unit, innerjoin=True).joinedload(
                    Unit.building, innerjoin=True
                )
            )
            .where(sa.or_(*named))
            .order_by(RosterEntry.id)
        )
    )


def _files(before: datetime, limit: int) -> list[StoredFile]:
    return list(
        db.session.scalars(
            sa.select(StoredFile)
            .join(RosterImport, RosterImport.file_id == StoredFile.id)
            .where(
                RosterImport.created_at < before,
                RosterImport.state != ImportState.RUNNING,
                StoredFile.original_name != "",
            )
            .order_by(StoredFile.id)
            .limit(limit)
        )
    )


def _old(before: datetime) -> sa.Select[tuple[int]]:
    return sa.select(RosterImport.id).where(
        RosterImport.created_at < before, RosterImport.state != ImportState.RUNNING
    )


def _delete_faults(before: datetime, limit: int) -> int:
    chosen = sa.select(RosterFault.id).where(RosterFault.import_id.in_(_old(before))).limit(limit)
    deleted = db.session.execute(
        sa.delete(RosterFault)
        .where(RosterFault.id.in_(chosen))
        .returning(RosterFault.id)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())

"""People on the roster as things to find: by their whole name, shown masked as on the home's page.

Neither phones nor notes are searched. Whoever has claimed the home is found as a member.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.extensions import db
from portal.i18n import lazy
from portal.projects.models import Unit
from portal.projects.queries import unit_title
from portal.roster.masking import mask_name
from portal.roster.models import RosterEntry
from portal.search import audiences
from portal.search.documents import Document, Source, in_all_languages, own_id


def sources() -> list[Source]:
    """Return the roster's people who are not members yet."""
    return [
        Source(
            kind="roster_entry",
            title=lazy("On the roster"),
            icon="table-import",
            model=RosterEntry,
            describe=_entries,
            watched={RosterEntry: own_id},
            order=50,
        )
    ]


def _entries(ids: Sequence[int]) -> list[Document]:
    entries = db.session.scalars(
        sa.select(RosterEntry)
        .where(RosterEntry.id.in_(ids), RosterEntry.claimed_by_id.is_(None))
        .options(
            joinedload(RosterEntry.unit).options(
                joinedload(Unit.building), joinedload(Unit.project)
            )
        )
    ).all()
    homes = in_all_languages(lambda: [unit_title(entry.unit) for entry in entries])
    return [
        Document(
            key=entry.public_id,
            row_id=entry.id,
            title=mask_name(entry.name),
            body={language: each[place] for language, each in homes.items()},
            names=[entry.name],
            url=(
                "projects.staff_home",
                {"project": entry.unit.project.slug, "public_id": entry.unit.public_id},
            ),
            audiences=audiences.permission("homes.manage", entry.project_id),
            updated_at=entry.created_at,
            project_id=entry.project_id,
        )
        for place, entry in enumerate(entries)
    ]

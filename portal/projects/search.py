"""Projects and homes as things to find."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.extensions import db
from portal.i18n import lazy
from portal.projects.models import Project, Unit
from portal.projects.queries import unit_title
from portal.search import audiences
from portal.search.documents import Document, Source, in_all_languages, own_id

_ROOM = "室"
"""People say "1502室"; the register says 1502."""


def sources() -> list[Source]:
    """Return the projects of an owner, the desks of staff, and homes."""
    return [
        Source(
            kind="project",
            title=lazy("Projects"),
            icon="building-community",
            model=Project,
            describe=_for_owners,
            watched={Project: own_id},
            staff=False,
            order=10,
        ),
        Source(
            kind="desk",
            title=lazy("Projects"),
            icon="building-community",
            model=Project,
            describe=_for_staff,
            watched={Project: own_id},
            order=10,
        ),
        Source(
            kind="home",
            title=lazy("Homes"),
            icon="home-2",
            model=Unit,
            describe=_homes,
            watched={Unit: own_id},
            order=30,
        ),
    ]


def _projects(ids: Sequence[int]) -> Sequence[Project]:
    return db.session.scalars(sa.select(Project).where(Project.id.in_(ids))).all()


def _for_owners(ids: Sequence[int]) -> list[Document]:
    """Describe projects to those who belong to them, wherever they look from."""
    return [
        Document(
            key=project.public_id,
            row_id=project.id,
            title=project.name,
            body=project.city,
            names=[*project.name.values(), project.slug],
            url=("home.project_home", {"project": project.slug}),
            audiences=[audiences.project(project.id)],
            updated_at=project.created_at,
        )
        for project in _projects(ids)
    ]


def _for_staff(ids: Sequence[int]) -> list[Document]:
    return [
        Document(
            key=project.public_id,
            row_id=project.id,
            title=project.name,
            body=project.city,
            names=[*project.name.values(), project.slug],
            url=("staff.desk", {"project": project.slug}),
            audiences=audiences.permission("staff.desk", project.id),
            updated_at=project.created_at,
            project_id=project.id,
        )
        for project in _projects(ids)
    ]


def _homes(ids: Sequence[int]) -> list[Document]:
    units = db.session.scalars(
        sa.select(Unit)
        .where(Unit.id.in_(ids))
        .options(joinedload(Unit.building), joinedload(Unit.project))
    ).all()
    titles = in_all_languages(lambda: [unit_title(unit) for unit in units])
    return [
        Document(
            key=unit.public_id,
            row_id=unit.id,
            title={language: each[place] for language, each in titles.items()},
            names=[_ROOM],
            url=(
                "projects.staff_home",
                {"project": unit.project.slug, "public_id": unit.public_id},
            ),
            audiences=audiences.permission("homes.manage", unit.project_id),
            updated_at=unit.created_at,
            project_id=unit.project_id,
        )
        for place, unit in enumerate(units)
    ]

"""Members as things to find, once for every project whose staff look after them."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.claims.models import OPEN_STATES, UnitClaim
from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member, MemberState
from portal.projects.models import Ownership, Project, ProjectInterest, Unit
from portal.projects.queries import unit_title
from portal.search import audiences
from portal.search.documents import Document, Source, in_all_languages, member_id, own_id


def sources() -> list[Source]:
    """Return the members, by name and card number; never by phone."""
    return [
        Source(
            kind="member",
            title=lazy("Members"),
            icon="users",
            model=Member,
            describe=_members,
            watched={
                Member: own_id,
                Ownership: member_id,
                ProjectInterest: member_id,
                UnitClaim: member_id,
            },
            order=20,
        )
    ]


def _members(ids: Sequence[int]) -> list[Document]:
    pairs = sa.union(*_belonging(ids)).subquery()
    rows = db.session.execute(
        sa.select(Member, Project)
        .select_from(pairs)
        .join(Member, Member.id == pairs.c.member_id)
        .join(Project, Project.id == pairs.c.project_id)
        .where(Member.state == MemberState.ACTIVE)
        .order_by(Member.id, Project.id)
    ).all()
    homes = _homes(ids)
    return [
        Document(
            key=member.public_id,
            row_id=member.id,
            title=member.name,
            body={
                language: " · ".join([member.card_number, *titles[member.id, project.id]])
                for language, titles in homes.items()
            },
            names=[member.name],
            url=("members.staff_show", {"project": project.slug, "public_id": member.public_id}),
            audiences=audiences.permission("members.view", project.id),
            updated_at=member.created_at,
            project_id=project.id,
        )
        for member, project in rows
    ]


def _belonging(ids: Sequence[int]) -> list[sa.Select[tuple[int, int]]]:
    """Return the statements of (member, project) for what `staff.belonging` counts."""
    return [
        sa.select(Ownership.member_id, Ownership.project_id).where(
            Ownership.member_id.in_(ids), Ownership.until.is_(None)
        ),
        sa.select(ProjectInterest.member_id, ProjectInterest.project_id).where(
            ProjectInterest.member_id.in_(ids)
        ),
        sa.select(UnitClaim.member_id, UnitClaim.project_id).where(
            UnitClaim.member_id.in_(ids), UnitClaim.state.in_(OPEN_STATES)
        ),
    ]


def _homes(ids: Sequence[int]) -> dict[str, dict[tuple[int, int], list[str]]]:
    """Return language -> (member, project) -> the homes there, as the reader writes them."""
    owned = db.session.scalars(
        sa.select(Ownership)
        .where(Ownership.member_id.in_(ids), Ownership.until.is_(None))
        .options(joinedload(Ownership.unit).joinedload(Unit.building))
        .order_by(Ownership.since, Ownership.id)
    ).all()

    def titles() -> dict[tuple[int, int], list[str]]:
        found: dict[tuple[int, int], list[str]] = defaultdict(list)
        for home in owned:
            found[home.member_id, home.project_id].append(unit_title(home.unit))
        return found

    return in_all_languages(titles)

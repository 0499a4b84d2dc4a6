"""Reading who holds which tier."""

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.extensions import db
from portal.projects.models import Ownership, Project
from portal.tiers.models import History, Membership, Scheme, SchemeVersion

VERSIONS_SHOWN = 50


def tier_keys(
    member_ids: Collection[int], *, scheme: str | None = None, on: date | None = None
) -> dict[int, str | None]:
    """Return each member's tier by its key (None: unrated), in one statement.

    `scheme`: its key; without one, the club's. `on`: as it was at the end of that day of the club.
    """
    if not member_ids:
        return {}
    chosen = Scheme.is_club if scheme is None else Scheme.key == scheme
    if on is None:
        rows = db.session.execute(
            sa.select(Membership.member_id, Membership.tier)
            .join(Scheme, Scheme.id == Membership.scheme_id)
            .where(chosen, Membership.member_id.in_(member_ids))
        )
    else:
        later = sa.orm.aliased(History)
        rows = db.session.execute(
            sa.select(History.member_id, History.to_tier)
            .join(Scheme, Scheme.id == History.scheme_id)
            .where(
                chosen,
                History.member_id.in_(member_ids),
                History.day <= on,
                ~sa.exists().where(
                    later.member_id == History.member_id,
                    later.scheme_id == History.scheme_id,
                    later.number > History.number,
                    later.day <= on,
                ),
            )
        )
    found: dict[int, str | None] = {row[0]: row[1] for row in rows}
    return {member_id: found.get(member_id) for member_id in member_ids}


def versions_of(scheme: str) -> list[SchemeVersion]:
    """Return the versions of a scheme with who drafted and published them, the newest first."""
    return list(
        db.session.scalars(
            sa.select(SchemeVersion)
            .join(SchemeVersion.scheme)
            .options(
                contains_eager(SchemeVersion.scheme),
                joinedload(SchemeVersion.drafted_by),
                joinedload(SchemeVersion.published_by),
            )
            .where(Scheme.key == scheme)
            .order_by(SchemeVersion.version.desc())
            .limit(VERSIONS_SHOWN)
        )
    )


def newest_versions() -> list[SchemeVersion]:
    """Return the newest version of each scheme, the club's first."""
    later = sa.orm.aliased(SchemeVersion)
    return list(
        db.session.scalars(
            sa.select(SchemeVersion)
            .join(SchemeVersion.scheme)
            .options(contains_eager(SchemeVersion.scheme))
            .where(
                ~sa.exists().where(
                    later.scheme_id == SchemeVersion.scheme_id,
                    later.version > SchemeVersion.version,
                )
            )
            .order_by(Scheme.is_club.desc(), Scheme.key)
        )
    )


def people_by_tier() -> dict[tuple[int, str | None], int]:
    """Return how many members hold each tier of each scheme."""
    rows = db.session.execute(
        sa.select(Membership.scheme_id, Membership.tier, sa.func.count())
        .where(Membership.changes > 0)
        .group_by(Membership.scheme_id, Membership.tier)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def homes_in(member_id: int, slugs: Collection[str]) -> list[Project]:
    """Return those of some projects in which a member has a home."""
    if not slugs:
        return []
    homes = sa.select(Ownership.project_id).where(
        Ownership.member_id == member_id, Ownership.until.is_(None)
    )
    return list(
        db.session.scalars(
            sa.select(Project)
            .where(Project.slug.in_(slugs), Project.id.in_(homes))
            .order_by(Project.slug)
        )
    )

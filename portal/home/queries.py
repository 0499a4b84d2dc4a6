"""What the pages of the home feature read, each in a bounded number of statements."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.extensions import db
from portal.i18n import LANGUAGES
from portal.members.models import Member
from portal.pagination import Page, page_of
from portal.points.queries import Figures, figures_from, figures_statement
from portal.points.terms import Holder
from portal.projects.models import Ownership, Project, Unit
from portal.tiers.cards import card_statement, tier_of_version
from portal.tiers.terms import Tier

HOMES_SHOWN = 5
COUNTED_AT_MOST = 10_000
TOO_FEW_TO_TELL = 10
"""Below this the number of households is not shown: it would say who lives there."""


def homes_and_points(
    member_id: int, project_id: int
) -> tuple[list[Ownership], Figures, Tier | None]:
    """Return the member's homes in a project, oldest first, their points' figures, and their tier.

    One statement. The homes come with unit and building.
    """
    figures = figures_statement(Holder.member(member_id)).subquery()
    card = card_statement(member_id).subquery()
    rows = db.session.execute(
        sa.select(Ownership, *figures.c, card.c.tier, card.c.version)
        .select_from(Member)
        .outerjoin(figures, sa.true())
        .outerjoin(card, sa.true())
        .outerjoin(
            Ownership,
            sa.and_(
                Ownership.member_id == Member.id,
                Ownership.project_id == project_id,
                Ownership.until.is_(None),
            ),
        )
        .outerjoin(Ownership.unit)
        .outerjoin(Unit.building)
        .options(contains_eager(Ownership.unit).contains_eager(Unit.building))
        .where(Member.id == member_id)
        .order_by(Ownership.since, Ownership.id)
        .limit(HOMES_SHOWN)
    ).all()
    homes = [row.Ownership for row in rows if row.Ownership is not None]
    first = rows[0] if rows else None
    tier = tier_of_version(first.version, first.tier) if first else None
    return homes, figures_from(first), tier


def count_households(project_id: int) -> int | None:
    """Return how many households have a verified home in a project, 10,000 at most.

    None when they are too few to be told to strangers.
    """
    households = (
        sa.select(Unit.household_id)
        .where(Unit.project_id == project_id, Unit.household_id.is_not(None))
        .distinct()
        .limit(COUNTED_AT_MOST)
        .subquery()
    )
    found = db.session.scalar(sa.select(sa.func.count()).select_from(households)) or 0
    return found if found >= TOO_FEW_TO_TELL else None


def find_projects(search: str, *, leave_out: Sequence[int] = ()) -> Page[Project]:
    """Return one page of projects whose name or city contains `search` in any language."""
    statement = sa.select(Project)
    if leave_out:
        statement = statement.where(Project.id.not_in(leave_out))
    for word in search.split()[:5]:
        statement = statement.where(
            sa.or_(
                *(
                    column[language].as_string().icontains(word, autoescape=True)
                    for column in (Project.name, Project.city)
                    for language in LANGUAGES
                )
            )
        )
    return page_of(statement, Project.slug)

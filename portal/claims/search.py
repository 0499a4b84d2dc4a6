"""Claims of homes as things to find."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.claims.models import UnitClaim
from portal.extensions import db
from portal.i18n import lazy
from portal.projects.queries import address_title
from portal.search import audiences
from portal.search.documents import Document, Source, in_all_languages, own_id


def sources() -> list[Source]:
    """Return the claims, for those who decide on them."""
    return [
        Source(
            kind="claim",
            title=lazy("Home claims"),
            icon="checklist",
            model=UnitClaim,
            describe=_claims,
            watched={UnitClaim: own_id},
            order=40,
        )
    ]


def _claims(ids: Sequence[int]) -> list[Document]:
    claims = db.session.scalars(
        sa.select(UnitClaim)
        .where(UnitClaim.id.in_(ids))
        .options(joinedload(UnitClaim.project), joinedload(UnitClaim.member))
    ).all()
    homes = in_all_languages(
        lambda: [address_title(each.building, each.entrance, each.number) for each in claims]
    )
    return [
        Document(
            key=claim.public_id,
            row_id=claim.id,
            title=claim.name,
            body={language: each[place] for language, each in homes.items()},
            names=list(dict.fromkeys([claim.name, claim.member.name])),
            url=(
                "claims.staff_show",
                {"project": claim.project.slug, "public_id": claim.public_id},
            ),
            audiences=audiences.permission("claims.review", claim.project_id),
            updated_at=claim.created_at,
            project_id=claim.project_id,
        )
        for place, claim in enumerate(claims)
    ]

"""A member's club tier as other pages show it: name, colour and icon."""

from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.tiers import versions
from portal.tiers.evaluate import today
from portal.tiers.kinds import VersionState
from portal.tiers.models import Membership, Scheme, SchemeVersion
from portal.tiers.terms import Tier


def card_statement(member_id: int) -> sa.Select[Any]:
    """Return the statement of a member's club tier, at most one row, to be joined to a page's own:
    `tier`, `valid_until`, and the public id of the `version` in force, for `tier_of_version`."""
    version = (
        sa.select(SchemeVersion.public_id)
        .where(
            SchemeVersion.scheme_id == Membership.scheme_id,
            SchemeVersion.state == VersionState.PUBLISHED,
            SchemeVersion.begins_on <= today(),
        )
        .order_by(SchemeVersion.begins_on.desc(), SchemeVersion.version.desc())
        .limit(1)
        .correlate(Membership)
        .scalar_subquery()
    )
    return (
        sa.select(Membership.tier, Membership.valid_until, version.label("version"))
        .join(Scheme, Scheme.id == Membership.scheme_id)
        .where(Scheme.is_club, Membership.member_id == member_id, Membership.changes > 0)
    )


def tier_of_version(version: str | None, key: str | None) -> Tier | None:
    """Return a tier of a published version; a statement the first time only."""
    if version is None or key is None:
        return None
    terms = versions.known(version)
    if terms is None:
        found = sa.select(SchemeVersion).where(SchemeVersion.public_id == version)
        terms = versions.terms_of(db.session.scalars(found).one())
    return terms.tier(key)

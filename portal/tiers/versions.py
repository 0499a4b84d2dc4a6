"""Which version of which scheme holds on a day."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal.columns import Texts
from portal.extensions import db
from portal.tiers import schema
from portal.tiers.kinds import MetricKind, VersionState
from portal.tiers.models import Scheme, SchemeVersion
from portal.tiers.terms import Terms


@dataclass(frozen=True)
class InForce:
    """A scheme and what its version in force says."""

    scheme_id: int
    key: str
    name: Texts
    is_club: bool
    version_id: int
    version: int
    begins_on: date
    decided_for: date | None
    terms: Terms


def in_force(on: date, *, scheme: str | None = None, club: bool = False) -> list[InForce]:
    """Return the schemes that hold on a day, the club's first: one statement.

    `scheme`: only the one with this key; `club`: only the club's.
    """
    later = sa.orm.aliased(SchemeVersion)
    statement = (
        sa.select(Scheme, SchemeVersion)
        .join(SchemeVersion, SchemeVersion.scheme_id == Scheme.id)
        .where(
            SchemeVersion.state == VersionState.PUBLISHED,
            SchemeVersion.begins_on <= on,
            ~sa.exists().where(
                later.scheme_id == Scheme.id,
                later.state == VersionState.PUBLISHED,
                later.begins_on <= on,
                sa.or_(
                    later.begins_on > SchemeVersion.begins_on,
                    sa.and_(
                        later.begins_on == SchemeVersion.begins_on,
                        later.version > SchemeVersion.version,
                    ),
                ),
            ),
        )
        .order_by(Scheme.is_club.desc(), Scheme.key)
    )
    if scheme is not None:
        statement = statement.where(Scheme.key == scheme)
    if club:
        statement = statement.where(Scheme.is_club)
    return [
        InForce(
            scheme_id=row.id,
            key=row.key,
            name=row.name,
            is_club=row.is_club,
            version_id=version.id,
            version=version.version,
            begins_on=version.begins_on,
            decided_for=row.decided_for,
            terms=terms_of(version),
        )
        for row, version in db.session.execute(statement)
    ]


def sources_read(on: date) -> frozenset[str]:
    """Return the sources of facts that the schemes of a day count: one statement."""
    return frozenset(
        source
        for found in in_force(on)
        for metric in found.terms.metrics
        if metric.kind in (MetricKind.FACTS, MetricKind.SPEND)
        for source in metric.sources
    )


def terms_of(version: SchemeVersion) -> Terms:
    """Return the rules of a version; those of a published one are read once a process."""
    if version.state != VersionState.PUBLISHED:
        return schema.load(version.body)
    if version.public_id not in _published:
        _published[version.public_id] = schema.load(version.body)
    return _published[version.public_id]


def known(public_id: str) -> Terms | None:
    """Return the rules of a published version that this process has read before."""
    return _published.get(public_id)


_published: dict[str, Terms] = {}
"""By public id. What is published never changes, and there are few."""

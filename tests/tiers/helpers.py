"""Schemes and evaluations for tests."""

import itertools
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member
from portal.points.accounts import REDEEMABLE
from portal.tiers import evaluate, service, standard
from portal.tiers.models import History, Membership, Scheme
from portal.tiers.versions import InForce, in_force
from tests.points.helpers import earn, noon

BEGIN = date(2020, 1, 1)
_keys = itertools.count(1)


def install(form: Mapping[str, Any] | None = None, **values: Any) -> Scheme:
    """Publish a scheme that holds since 2020: the standard one unless a form is given."""
    values.setdefault("key", "club")
    values.setdefault("is_club", True)
    version = service.install(
        name=standard.NAME, form=form or standard.FORM, begins_on=BEGIN, **values
    )
    db.session.commit()
    return version.scheme


def found(scheme: str = "club", on: date | None = None) -> InForce:
    """Return a scheme in force."""
    return in_force(on or evaluate.today(), scheme=scheme)[0]


def night(on: date, *, size: int = 5_000, scheme: str | None = None) -> int:
    """Evaluate everybody as the nightly job does on a day; return the number of changes."""
    changed = 0
    for each in in_force(on, scheme=scheme):
        evaluate.begin_period(each, on)
        after = 0
        while (batch := evaluate.evaluate_batch(each, on=on, after=after, size=size)).after:
            after, changed = batch.after, changed + batch.changes
            db.session.commit()
        evaluate.end_period(each, on)
        db.session.commit()
    return changed


def state(member: Member, scheme: str = "club") -> Membership:
    """Return a member's place in a scheme."""
    return db.session.execute(
        sa.select(Membership)
        .join(Scheme, Scheme.id == Membership.scheme_id)
        .where(Membership.member_id == member.id, Scheme.key == scheme)
        .execution_options(populate_existing=True)
    ).scalar_one()


def story(member: Member) -> list[tuple[str, str | None]]:
    """Return a member's moves, the first first."""
    rows = db.session.execute(
        sa.select(History.move, History.to_tier)
        .where(History.member_id == member.id)
        .order_by(History.scheme_id, History.number)
    )
    return [(row[0], row[1]) for row in rows]


def qualify(member: Member, points: int, on: date, **values: Any) -> None:
    """Give qualifying points on a day."""
    currency = values.pop("currency", "qualifying")
    earn(member, points * 1000, currency=currency, at=noon(on), **values)


def spendable(member: Member, points: int, on: date) -> None:
    """Give points that can be spent on a day."""
    qualify(member, points, on, currency=REDEEMABLE)


def tier(key: str, reach: Any = None, **values: Any) -> dict[str, Any]:
    """Return a tier's form."""
    return {
        "key": key, "name": {"zh_Hans_CN": key.upper(), "en": key.title()}, "color": "gold",
        "icon": "award", "reach": reach, **values,
    }  # fmt: skip


def form(*tiers: dict[str, Any], metrics: Any = None, **values: Any) -> dict[str, Any]:
    """Return a scheme's form over qualifying points of 12 months unless metrics are given."""
    usual = [{"key": "points", "kind": "points", "window": {"kind": "rolling", "months": 12}}]
    return {"metrics": usual if metrics is None else metrics, "tiers": list(tiers), **values}

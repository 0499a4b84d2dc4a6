"""What facts tell of a member: days, codes and amounts, handed out; never a name."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.facts.models import Fact
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ExportPart

TABLES = {
    "points_event": Coverage(
        erased=False, why="what the ledger's lines rest on: ids, days and amounts, no name"
    )
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return every fact about the member."""
    return [
        ExportPart(
            "facts",
            lazy("What the club's rules know"),
            {
                "day": lazy("Day"),
                "source": lazy("For"),
                "category": lazy("Category"),
                "fen": lazy("Amount, in fen"),
                "facts": lazy("Details"),
            },
            _rows(member),
        )
    ]


def _rows(member: Member) -> Iterator[Mapping[str, Any]]:
    for fact in db.session.scalars(
        sa.select(Fact).where(Fact.member_id == member.id).order_by(Fact.created_at, Fact.id)
    ):
        yield {
            "day": fact.business_date,
            "source": fact.source,
            "category": fact.category,
            "fen": fact.amount,
            "facts": dict(fact.facts),
        }

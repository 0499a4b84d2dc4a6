"""What the rules decided about a member: handed out; it names nobody."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from portal.earning.models import Decision
from portal.extensions import db
from portal.facts.models import Fact
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ExportPart

_LEDGER = "what the ledger's lines rest on: ids, days and amounts, no name"
TABLES = {
    "earning_decision": Coverage(erased=False, why=_LEDGER),
    "earning_awaited": Coverage(exported=False, erased=False, why=_LEDGER),
    "earning_book": Coverage(
        exported=False, erased=False, why="the club's rules and who agreed to them"
    ),
    "earning_proposal": Coverage(
        exported=False, erased=False, why="who proposed the club's rules and who agreed to them"
    ),
    "earning_backtest": Coverage(
        exported=False, erased=False, why="what a draft would have cost: ids and amounts, no name"
    ),
    "earning_rule": Coverage(exported=False, erased=False, why="the club's rules, about nobody"),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return what each rule made of each fact about the member."""
    return [
        ExportPart(
            "earning",
            lazy("Why points, and why not"),
            {
                "day": lazy("Day"),
                "source": lazy("For"),
                "rule": lazy("Rule"),
                "version": lazy("Version"),
                "outcome": lazy("Outcome"),
                "milli_points": lazy("Points, in thousandths"),
                "reason": lazy("Reason"),
            },
            _rows(member),
        )
    ]


def _rows(member: Member) -> Iterator[Mapping[str, Any]]:
    for decision, fact in db.session.execute(
        sa.select(Decision, Fact)
        .join(Fact, Fact.id == Decision.fact_id)
        .where(Decision.member_id == member.id)
        .order_by(Decision.created_at, Decision.id)
    ):
        yield {
            "day": fact.business_date,
            "source": fact.source,
            "rule": decision.rule,
            "version": decision.version,
            "outcome": decision.outcome,
            "milli_points": decision.amount,
            "reason": decision.reason,
        }

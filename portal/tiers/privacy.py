"""What tiers know of a member: where they stand, how they came there, and why."""

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ErasureNote, ExportPart
from portal.tiers.models import History, Override, Scheme

_RULES = "the club's own rules; whoever drafted and published them did so in office"
_FOLLOWS = "follows from the history, which is exported; ids, days and keys, no name"
TABLES = {
    "tier_history": Coverage(erased=False, why="append-only; ids, days and figures, no name"),
    "tier_override": Coverage(),
    "tier_membership": Coverage(exported=False, erased=False, why=_FOLLOWS),
    "tier_ranking": Coverage(exported=False, erased=False, why=_FOLLOWS),
    "tier_scheme_version": Coverage(exported=False, erased=False, why=_RULES),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return every change of the member's tiers with its figures, and what was given by hand."""
    rows = db.session.execute(
        sa.select(History, Scheme.key, Override.reason)
        .join(Scheme, Scheme.id == History.scheme_id)
        .outerjoin(Override, Override.id == History.override_id)
        .where(History.member_id == member.id)
        .order_by(History.scheme_id, History.number)
    )
    return [
        ExportPart(
            "tiers",
            lazy("Membership tiers"),
            {
                "day": lazy("Day"),
                "scheme": lazy("Scheme"),
                "move": lazy("What happened"),
                "from": lazy("Tier before"),
                "to": lazy("Tier after"),
                "figures": lazy("Figures"),
                "reason": lazy("Reason"),
            },
            [
                {
                    "day": row.day,
                    "scheme": scheme,
                    "move": row.move,
                    "from": row.from_tier,
                    "to": row.to_tier,
                    "figures": row.figures,
                    "reason": reason,
                }
                for row, scheme, reason in rows
            ],
        )
    ]


def erase_member_data(member: Member) -> None:
    """Blank the reasons of tiers given by hand; the history stays under a member without a name."""
    db.session.execute(
        sa.update(Override)
        .where(Override.member_id == member.id, Override.reason != "")
        .values(reason="")
        .execution_options(synchronize_session=False)
    )


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return what becomes of the tier."""
    has_tier = db.session.scalar(
        sa.select(History.id).where(History.member_id == member.id).limit(1)
    )
    if has_tier is None:
        return []
    return [ErasureNote(lazy("Your membership tier: it ends with your membership"))]

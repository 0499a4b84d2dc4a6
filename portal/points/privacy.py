"""What the ledger knows of a member: the lines stay, the words go."""

import sqlalchemy as sa

from portal.audit.privacy import blank_reasons_about
from portal.extensions import db
from portal.i18n import gettext, lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ErasureNote, ExportPart
from portal.points.closing import close_accounts
from portal.points.models import Balance, Currency, Note, PointsAccount, Proposal, Transaction

_LEDGER = "the ledger is never changed or deleted; ids, days and amounts, no name"
_BOOKS = "follows from the ledger's lines, which are exported; ids and amounts, no name"
TABLES = {
    "points_account": Coverage(erased=False, why=_LEDGER),
    "points_transaction": Coverage(erased=False, why=_LEDGER),
    "points_note": Coverage(),
    "points_proposal": Coverage(
        exported=False, why="a proposal that is agreed to becomes a line, which is exported"
    ),
    **{
        name: Coverage(exported=False, erased=False, why=_BOOKS)
        for name in (
            "points_entry",
            "points_balance",
            "points_lot",
            "points_hold",
            "points_reversed",
            "points_statement",
            "points_sealed_month",
            "points_sealed_transaction",
            "points_move",
            "points_policy",
        )
    },
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return every line of the member's accounts, with its words."""
    rows = db.session.execute(
        sa.select(Transaction, Currency.key, Note.text)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .outerjoin(Note, Note.transaction_id == Transaction.id)
        .where(PointsAccount.member_id == member.id)
        .order_by(Transaction.booked_at, Transaction.id)
    )
    return [
        ExportPart(
            "points",
            lazy("Points"),
            {
                "day": lazy("Day"),
                "currency": lazy("Currency"),
                "kind": lazy("Kind"),
                "milli_points": lazy("Points, in thousandths"),
                "source": lazy("For"),
                "note": lazy("Remark"),
            },
            [
                {
                    "day": row.booked_on,
                    "currency": currency,
                    "kind": row.kind,
                    "milli_points": row.amount,
                    "source": row.source,
                    "note": note,
                }
                for row, currency, note in rows
            ],
        )
    ]


def check_member_removal(member: Member) -> list[str]:
    """Return an objection while points of the member are set aside for something."""
    held = db.session.scalar(
        sa.select(Balance.account_id)
        .join(PointsAccount, PointsAccount.id == Balance.account_id)
        .where(PointsAccount.member_id == member.id, Balance.held > 0)
        .limit(1)
    )
    if held is None:
        return []
    return [gettext("Points are set aside for an order or a request. That is settled first.")]


def erase_member_data(member: Member) -> None:
    """Forfeit what is left and close the accounts, then blank the words of the ledger's lines; the
    lines stay under an account without a name."""
    close_accounts(member_id=member.id)
    own = (
        sa.select(Transaction.id)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .where(PointsAccount.member_id == member.id)
    )
    public_ids = db.session.scalars(
        sa.select(Transaction.public_id).where(Transaction.id.in_(own))
    ).all()
    blank_reasons_about(subjects=[("points_transaction", each) for each in public_ids])
    db.session.execute(
        sa.update(Note)
        .where(Note.transaction_id.in_(own), Note.text != "")
        .values(text="", salt=b"")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Proposal)
        .where(Proposal.member_id == member.id)
        .values(reason="", decision_note="")
        .execution_options(synchronize_session=False)
    )


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return what becomes of the points."""
    has_points = db.session.scalar(
        sa.select(PointsAccount.id).where(PointsAccount.member_id == member.id).limit(1)
    )
    if has_points is None:
        return []
    return [
        ErasureNote(lazy("Your points: they lapse with you and do not come back")),
        ErasureNote(
            lazy("The lines of the points ledger"),
            kept=lazy("Without your name; the books must balance."),
        ),
    ]

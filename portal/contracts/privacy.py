"""What is kept of the homes that a member bought and the fees that they paid."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.contracts.models import Contract, Fee, Payment
from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ErasureNote, ExportPart
from portal.projects.models import Unit
from portal.projects.queries import unit_title

_STAYS = "the developer's books keep the home, dates and amounts; whose they are goes"
TABLES = {
    "contract": Coverage(),
    "contract_payment": Coverage(erased=False, why=_STAYS),
    "home_fee": Coverage(),
}
_WITH_HOME = joinedload(Contract.unit, innerjoin=True).joinedload(Unit.building, innerjoin=True)


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the member's contracts, the payments towards them, and the fees of their homes."""
    contracts = _contracts(member)
    homes = {contract.id: unit_title(contract.unit) for contract in contracts}
    return [
        ExportPart(
            "contracts",
            lazy("Purchase contracts"),
            {
                "home": lazy("Address of the home"),
                "number": lazy("Contract number"),
                "state": lazy("State"),
                "price": lazy("Price (yuan)"),
                "signed": lazy("Signed on"),
                "handed_over": lazy("Handed over on"),
                "cancelled": lazy("Cancelled on"),
            },
            [
                {
                    "home": homes[row.id],
                    "number": row.number,
                    "state": row.state,
                    "price": _yuan(row.price),
                    "signed": row.signed_on,
                    "handed_over": row.handed_over_on,
                    "cancelled": row.cancelled_on,
                }
                for row in contracts
            ],
            words={"state": "contract_state"},
        ),
        ExportPart(
            "contract_payments",
            lazy("Payments towards contracts"),
            {
                "number": lazy("Contract number"),
                "percent": lazy("Percent reached"),
                "amount": lazy("Amount (yuan)"),
                "paid": lazy("Paid on"),
            },
            [
                {
                    "number": row.contract_number,
                    "percent": row.percent,
                    "amount": _yuan(row.amount),
                    "paid": row.paid_on,
                }
                for row in _payments(list(homes))
            ],
        ),
        ExportPart(
            "home_fees",
            lazy("Fees of homes"),
            {
                "home": lazy("Address of the home"),
                "category": lazy("Kind of fee"),
                "period": lazy("Period"),
                "due": lazy("Due on"),
                "amount": lazy("Amount (yuan)"),
                "paid": lazy("Paid on"),
            },
            [
                {
                    "home": unit_title(row.unit),
                    "category": row.category,
                    "period": row.period,
                    "due": row.due_on,
                    "amount": _yuan(row.amount),
                    "paid": row.paid_on,
                }
                for row in _fees(member)
            ],
            words={"category": "fee_category"},
        ),
    ]


def erase_member_data(member: Member) -> None:
    """Take the member off contracts and fees: home, dates and amounts stay with the developer."""
    nobody = {"member_id": None, "household_id": None}
    db.session.execute(
        sa.update(Contract)
        .where(_named(member))
        .values(**nobody, phone_hash=None)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Fee)
        .where(Fee.member_id == member.id)
        .values(**nobody)
        .execution_options(synchronize_session=False)
    )


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return that contracts stay without the member."""
    if not _contracts(member) and not _fees(member):
        return []
    return [
        ErasureNote(
            lazy("Your purchase contracts and fees"),
            kept=lazy("Home, dates and amounts stay in the developer's books, without you."),
        )
    ]


def _contracts(member: Member) -> list[Contract]:
    return list(
        db.session.scalars(
            sa.select(Contract)
            .options(_WITH_HOME)
            .where(_named(member))
            .order_by(Contract.signed_on, Contract.id)
        )
    )


def _payments(contract_ids: list[int]) -> list[Payment]:
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(Payment.contract_id.in_(contract_ids))
            .order_by(Payment.paid_on, Payment.id)
        )
    )


def _fees(member: Member) -> list[Fee]:
    home = joinedload(Fee.unit, innerjoin=True).joinedload(Unit.building, innerjoin=True)
    return list(
        db.session.scalars(
            sa.select(Fee)
            .options(home)
            .where(Fee.member_id == member.id)
            .order_by(Fee.due_on, Fee.id)
        )
    )


def _named(member: Member) -> sa.ColumnElement[bool]:
    """Return the condition for contracts of the member, those that still wait for them too."""
    account = db.session.get_one(Account, member.account_id)
    if account.phone_hash is None:
        return Contract.member_id == member.id
    waiting = sa.and_(Contract.member_id.is_(None), Contract.phone_hash == account.phone_hash)
    return sa.or_(Contract.member_id == member.id, waiting)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

"""What an undo of an import takes: rows of which nobody has heard yet.

A row of a known buyer was told to the points, so it stays; a payment or fee is put right by hand.
"""

from typing import Any

import sqlalchemy as sa

from portal.contracts.models import Contract, Fee, Payment
from portal.contracts.one_by_one import hold_project
from portal.extensions import db
from portal.roster.kinds import Undone
from portal.roster.models import RosterImport

_UNKNOWN_BUYER = Contract.member_id.is_(None)


def take_back_contracts(job: RosterImport) -> Undone:
    """Remove contracts whose buyer is not known; payments towards them wait again."""
    hold_project(job.project_id)
    free = sa.select(Contract.id).where(Contract.import_id == job.id, _UNKNOWN_BUYER)
    db.session.execute(
        sa.update(Payment)
        .where(Payment.contract_id.in_(free))
        .values(contract_id=None)
        .execution_options(synchronize_session=False)
    )
    return _take(Contract, job, _UNKNOWN_BUYER)


def take_back_payments(job: RosterImport) -> Undone:
    """Remove payments towards contracts whose buyer is not known."""
    return _take(Payment, job, _not_told())


def take_back_fees(job: RosterImport) -> Undone:
    """Remove fees that nobody has paid, and those of homes without an owner."""
    return _take(Fee, job, sa.or_(Fee.member_id.is_(None), Fee.paid_on.is_(None)))


def contracts_kept_and_free(import_id: int) -> tuple[int, int]:
    """Return how many contracts an undo would leave, and how many it would take."""
    return _kept_and_free(Contract, import_id, _UNKNOWN_BUYER)


def payments_kept_and_free(import_id: int) -> tuple[int, int]:
    """Return how many payments an undo would leave, and how many it would take."""
    return _kept_and_free(Payment, import_id, _not_told())


def fees_kept_and_free(import_id: int) -> tuple[int, int]:
    """Return how many fees an undo would leave, and how many it would take."""
    free = sa.or_(Fee.member_id.is_(None), Fee.paid_on.is_(None))
    return _kept_and_free(Fee, import_id, free)


def _not_told() -> sa.ColumnElement[bool]:
    told = sa.exists().where(Contract.id == Payment.contract_id, Contract.member_id.is_not(None))
    return ~told


def _take(model: Any, job: RosterImport, free: sa.ColumnElement[bool]) -> Undone:
    hold_project(job.project_id)
    kept, _ = _kept_and_free(model, job.id, free)
    removed = db.session.execute(
        sa.delete(model)
        .where(model.import_id == job.id, free)
        .execution_options(synchronize_session=False)
    )
    number: int = removed.rowcount  # type: ignore[attr-defined]
    return Undone(entries=number, units=0, buildings=0, kept=kept)


def _kept_and_free(model: Any, import_id: int, free: sa.ColumnElement[bool]) -> tuple[int, int]:
    every, taken = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((free, 1), else_=0)), 0),
        )
        .select_from(model)
        .where(model.import_id == import_id)
    ).one()
    return every - taken, taken

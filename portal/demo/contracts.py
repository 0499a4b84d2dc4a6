"""Contracts, payments and twelve months of fees of the demo's people.

Written as rows, without events: the points of the demo tell their own story of the same years.
"""

from datetime import date, timedelta

import sqlalchemy as sa

from portal.contracts.models import Contract, ContractState, Fee, Payment
from portal.crypto import lookup_hash
from portal.demo.cast import WAITING
from portal.demo.stage import Stage
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Building, EndReason, Ownership, Role, Unit

FEN_PER_AREA = 34_800
"""Of a hundredth of a square metre: ¥34,800 a square metre."""
FEE_PER_AREA = 3
"""Fen of a month and a hundredth of a square metre: ¥3 a square metre."""
MILESTONES = ((10, 0), (30, 30), (45, 120), (100, 300))
"""Percent reached, and the days after the signing."""
SIGNED_BEFORE = 520
"""Days from the signing to the handover."""
MONTHS = 12
IN_ARREARS = {"settled": 2}
"""Who has not paid how many of the latest months that are due."""


def add_contracts(stage: Stage) -> None:
    """Give everybody who bought a home its contract, and each home its fees."""
    players = {member.id: key for key, member in stage.members.items()}
    rows = db.session.execute(
        sa.select(Ownership, Unit, Member)
        .join(Unit, Unit.id == Ownership.unit_id)
        .join(Member, Member.id == Ownership.member_id)
        .where(
            Ownership.role == Role.OWNER,
            Ownership.end_reason.is_distinct_from(EndReason.MISTAKE),
            Unit.area.is_not(None),
            Unit.handover_on.is_not(None),
        )
        .order_by(Unit.handover_on, Unit.place, Ownership.since)
    )
    for number, (ownership, unit, member) in enumerate(rows, 1):
        _add_contract(stage, unit, number, member)
        if ownership.until is None:
            _add_fees(stage, unit, member, IN_ARREARS.get(players.get(member.id, ""), 0))
    _add_waiting(stage)


def _add_contract(stage: Stage, unit: Unit, number: int, member: Member) -> None:
    assert unit.handover_on is not None
    signed = unit.handover_on - timedelta(days=SIGNED_BEFORE)
    price = (unit.area or 0) * FEN_PER_AREA
    contract = Contract(
        project_id=unit.project_id,
        unit_id=unit.id,
        number=f"HT-{signed.year}-{number:04d}",
        member_id=member.id,
        household_id=member.household_id,
        state=ContractState.HANDED_OVER,
        price=price,
        signed_on=signed,
        handed_over_on=unit.handover_on,
    )
    db.session.add(contract)
    db.session.flush()
    _add_payments(stage, contract, 100)


def _add_payments(stage: Stage, contract: Contract, reached: int) -> None:
    before = 0
    for percent, days in MILESTONES:
        if percent > reached or contract.signed_on is None:
            return
        db.session.add(
            Payment(
                project_id=contract.project_id,
                contract_number=contract.number,
                contract_id=contract.id,
                percent=percent,
                amount=contract.price * (percent - before) // 100,
                paid_on=min(contract.signed_on + timedelta(days=days), stage.today),
            )
        )
        before = percent


def _add_fees(stage: Stage, unit: Unit, member: Member, in_arrears: int) -> None:
    """Add the latest twelve months; this month's fee is open, `in_arrears` before it are late."""
    first = stage.today.replace(day=1)
    for ago in range(MONTHS):
        due = _month_end(first)
        paid = None if ago <= in_arrears else first + timedelta(days=8 + ago % 7)
        db.session.add(
            Fee(
                project_id=unit.project_id,
                unit_id=unit.id,
                period=f"{first:%Y-%m}",
                due_on=due,
                amount=(unit.area or 0) * FEE_PER_AREA,
                paid_on=paid,
                member_id=member.id,
                household_id=member.household_id,
            )
        )
        first = (first - timedelta(days=1)).replace(day=1)


def _month_end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _add_waiting(stage: Stage) -> None:
    """Add the contracts of buyers on the roster who have not joined yet."""
    for number, waiting in enumerate(WAITING, 1):
        project = stage.projects[waiting.project]
        unit = db.session.scalar(
            sa.select(Unit)
            .join(Building, Building.id == Unit.building_id)
            .where(
                Building.project_id == project.id,
                Building.name == waiting.building,
                Unit.entrance == waiting.entrance,
                Unit.number == waiting.door,
            )
        )
        if unit is None:
            continue
        signed = stage.day(40 + 9 * number)
        contract = Contract(
            project_id=project.id,
            unit_id=unit.id,
            number=f"HT-{signed.year}-9{number:03d}",
            phone_hash=lookup_hash("phone", waiting.phone),
            state=ContractState.SIGNED,
            price=(unit.area or 10_600) * FEN_PER_AREA,
            signed_on=signed,
        )
        db.session.add(contract)
        db.session.flush()
        _add_payments(stage, contract, 30)

"""From core's events to facts: what happened is read from its row, the event only names it."""

from datetime import date

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.contracts.models import Contract, Fee, Payment
from portal.extensions import db
from portal.facts.service import NewFact
from portal.members.models import Member, Salutation
from portal.outbox.registry import DomainEvent
from portal.projects.models import Ownership, Project, Unit


def joined(event: DomainEvent) -> NewFact | None:
    """Return the fact that a member joined, dated from the member's row."""
    member = _member(event.subject[1])
    if member is None:
        return None
    return NewFact("member.joined", member.public_id, member.joined_on, member_id=member.id)


def profile_completed(event: DomainEvent) -> NewFact | None:
    """Return the fact that a profile is complete, if it is; once in a member's life."""
    member = _member(event.subject[1])
    if member is None or member.birth_month is None or member.salutation == Salutation.NONE:
        return None
    on = clock.business_date(current_club().time_zone, event.created_at)
    return NewFact("profile.completed", member.public_id, on, member_id=member.id)


def unit_verified(event: DomainEvent) -> NewFact | None:
    """Return the fact that a member is verified in a home."""
    row = db.session.execute(
        sa.select(Ownership, Unit.area, Project.time_zone)
        .join(Unit, Unit.id == Ownership.unit_id)
        .join(Project, Project.id == Ownership.project_id)
        .where(Ownership.public_id == event.subject[1])
    ).first()
    if row is None:
        return None
    ownership = row.Ownership
    area = {} if row.area is None else {"area": f"{row.area // 100}.{row.area % 100:02d}"}
    return NewFact(
        "unit.verified",
        ownership.public_id,
        clock.business_date(row.time_zone, event.created_at),
        member_id=ownership.member_id,
        unit_id=ownership.unit_id,
        project_id=ownership.project_id,
        subject=f"ownership:{ownership.public_id}",
        facts={"role": ownership.role, **area},
    )


def contract_step(event: DomainEvent) -> NewFact | None:
    """Return the fact that a contract is signed, or its home handed over; the amount is its
    price."""
    contract = _contract(event)
    if contract is None:
        return None
    return NewFact(
        event.kind,
        _as_corrected(contract.public_id, contract.corrections),
        _day(event),
        member_id=contract.member_id,
        unit_id=contract.unit_id,
        project_id=contract.project_id,
        amount=contract.price,
        subject=contract_subject(contract.public_id, contract.corrections),
    )


def contract_paid(event: DomainEvent) -> NewFact | None:
    """Return the fact that payments reached a percent of a contract's price."""
    contract = _contract(event)
    payment = db.session.scalar(
        sa.select(Payment).where(Payment.public_id == event.data.get("payment"))
    )
    if contract is None or payment is None:
        return None
    return NewFact(
        "contract.paid",
        _as_corrected(payment.public_id, contract.corrections),
        payment.paid_on,
        member_id=contract.member_id,
        unit_id=contract.unit_id,
        project_id=contract.project_id,
        amount=payment.amount,
        subject=contract_subject(contract.public_id, contract.corrections),
        facts={"percent": payment.percent},
    )


def contract_subject(public_id: str, corrections: int) -> str:
    """Return the subject of what is known of a contract as it was corrected so many times.

    A correction withdraws the one before: a withdrawn subject never counts again.
    """
    return f"contract:{_as_corrected(public_id, corrections)}"


def corrections_of(event: DomainEvent) -> int:
    """Return how often the contract that an event names had been corrected by then."""
    return int(event.data.get("corrections", 0))


def fee_paid(event: DomainEvent) -> NewFact | None:
    """Return the fact that a fee was paid, how late, and for what."""
    fee = db.session.scalar(sa.select(Fee).where(Fee.public_id == event.subject[1]))
    if fee is None or fee.member_id is None or fee.paid_on is None:
        return None
    return NewFact(
        "fee.paid",
        fee.public_id,
        fee.paid_on,
        member_id=fee.member_id,
        unit_id=fee.unit_id,
        project_id=fee.project_id,
        amount=fee.amount,
        category=fee.category,
        subject=f"fee:{fee.public_id}",
        facts={"days_late": (fee.paid_on - fee.due_on).days, "period": fee.period},
    )


def _member(public_id: str) -> Member | None:
    return db.session.scalar(sa.select(Member).where(Member.public_id == public_id))


def _contract(event: DomainEvent) -> Contract | None:
    """Return a contract with a known buyer, unless it was corrected since the event."""
    return db.session.scalar(
        sa.select(Contract).where(
            Contract.public_id == event.subject[1],
            Contract.member_id.is_not(None),
            Contract.corrections == corrections_of(event),
        )
    )


def _as_corrected(key: str, corrections: int) -> str:
    return f"{key}:{corrections}" if corrections else key


def _day(event: DomainEvent) -> date:
    return date.fromisoformat(str(event.data["on"]))

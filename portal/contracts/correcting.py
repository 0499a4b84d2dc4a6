"""Staff put a contract right by hand: another price, another day, another state.

What was told of it until then is withdrawn, and what is right is told anew, payments too.
"""

from dataclasses import dataclass
from datetime import date

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.contracts.entries import ContractEntry, flaw_of_contract
from portal.contracts.events import steps_of, tell_corrected, tell_payments, tell_steps
from portal.contracts.models import Contract
from portal.contracts.one_by_one import hold_project
from portal.contracts.service import payments_towards
from portal.extensions import db
from portal.projects.models import Project

CORRECTED = ("price", "state", "signed_on", "handed_over_on", "cancelled_on")


class CorrectionError(Exception):
    """The contract would contradict itself: `field` and `code` as in sentences.FAULTS, or no
    field and "nothing_changed"."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field, self.code = field, code


class CorrectedMeanwhileError(Exception):
    """The contract is not what the corrector saw any more."""


@dataclass(frozen=True)
class Correction:
    """What a contract is to say. `price`: fen. `seen`: what `seen_as` gave for what was shown."""

    price: int
    state: str
    signed_on: date | None
    handed_over_on: date | None
    cancelled_on: date | None
    reason: str
    seen: str


def seen_as(contract: Contract) -> str:
    """Return what a contract says now, so that a correction of something else is noticed."""
    return "|".join(str(getattr(contract, name) or "") for name in CORRECTED)


def correct_contract(
    *, actor: Account, project: Project, contract: Contract, correction: Correction
) -> None:
    """Correct a contract. Raises CorrectionError, CorrectedMeanwhileError."""
    hold_project(project.id)
    db.session.refresh(contract, [*CORRECTED, "corrections", "member_id", "household_id"])
    if seen_as(contract) != correction.seen:
        raise CorrectedMeanwhileError
    changes = {
        name: getattr(correction, name)
        for name in CORRECTED
        if getattr(correction, name) != getattr(contract, name)
    }
    today = clock.business_date(project.time_zone)
    _check(contract, correction, today, is_changed=bool(changes))
    record(
        actor=actor,
        action="contracts.corrected",
        subject=("contract", contract.public_id),
        project_id=project.id,
        facts={
            name: [_plain(getattr(contract, name)), _plain(value)]
            for name, value in changes.items()
        },
        reason=correction.reason,
    )
    for name, value in changes.items():
        setattr(contract, name, value)
    if contract.cancelled_on is None:
        contract.replaced_by_number = None
    contract.corrections += 1
    db.session.flush()
    if contract.member_id is not None:
        tell_corrected(contract, today)
        tell_steps([(contract, steps_of(contract))])
        tell_payments([(payment, contract) for payment in payments_towards(contract)])


def _check(contract: Contract, correction: Correction, today: date, *, is_changed: bool) -> None:
    if not is_changed:
        raise CorrectionError("", "nothing_changed")
    flaw = flaw_of_contract(
        ContractEntry(
            number=contract.number,
            unit_id=contract.unit_id,
            phone_hash=None,
            price=correction.price,
            state=correction.state,
            signed_on=correction.signed_on,
            handed_over_on=correction.handed_over_on,
            cancelled_on=correction.cancelled_on,
        ),
        today,
    )
    if flaw is not None:
        raise CorrectionError(*flaw)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value

"""What brings facts: events of core, and the calendar."""

from collections.abc import Callable
from datetime import time, timedelta

from portal import clock
from portal.club.queries import current_club
from portal.earning import calendar, happenings
from portal.earning.service import record_fact, withdraw_facts
from portal.facts.service import NewFact
from portal.jobs.registry import JobRun, job
from portal.outbox.registry import DomainEvent, subscribe
from portal.projects.models import EndReason


def _keep(told: Callable[[DomainEvent], NewFact | None], event: DomainEvent) -> None:
    new = told(event)
    if new is not None:
        record_fact(actor=None, new=new)


@subscribe("member.joined", name="earning.member_joined")
def on_member_joined(event: DomainEvent) -> None:
    """Keep that a member joined."""
    _keep(happenings.joined, event)


@subscribe("member.changed", name="earning.member_changed")
def on_member_changed(event: DomainEvent) -> None:
    """Keep that a profile is complete, the first time that it is."""
    _keep(happenings.profile_completed, event)


@subscribe("ownership.started", name="earning.unit_verified")
def on_ownership_started(event: DomainEvent) -> None:
    """Keep that a member is verified in a home."""
    _keep(happenings.unit_verified, event)


@subscribe("ownership.ended", name="earning.unit_left")
def on_ownership_ended(event: DomainEvent) -> None:
    """Withdraw a verification that was a mistake; one that ends otherwise stays a fact."""
    if event.data.get("reason") == EndReason.MISTAKE:
        _withdraw(f"ownership:{event.subject[1]}", event, "mistake")


@subscribe("contract.signed", name="earning.contract_signed")
def on_contract_signed(event: DomainEvent) -> None:
    """Keep that a contract is signed."""
    _keep(happenings.contract_step, event)


@subscribe("contract.handed_over", name="earning.contract_handed_over")
def on_contract_handed_over(event: DomainEvent) -> None:
    """Keep that a home is handed over."""
    _keep(happenings.contract_step, event)


@subscribe("contract.paid", name="earning.contract_paid")
def on_contract_paid(event: DomainEvent) -> None:
    """Keep that payments reached a percent of the price."""
    _keep(happenings.contract_paid, event)


@subscribe("contract.cancelled", name="earning.contract_cancelled")
def on_contract_cancelled(event: DomainEvent) -> None:
    """Withdraw what was known about a contract, and take back what was given for it."""
    told = happenings.contract_subject(event.subject[1], happenings.corrections_of(event))
    _withdraw(told, event, "cancelled")


@subscribe("contract.corrected", name="earning.contract_corrected")
def on_contract_corrected(event: DomainEvent) -> None:
    """Withdraw what was known before a correction; what is right is told anew."""
    before = happenings.corrections_of(event) - 1
    _withdraw(happenings.contract_subject(event.subject[1], before), event, "corrected")


@subscribe("fee.paid", name="earning.fee_paid")
def on_fee_paid(event: DomainEvent) -> None:
    """Keep that a fee was paid."""
    _keep(happenings.fee_paid, event)


@job("earning.days", at=time(0, 40), long=True)
def record_days(run: JobRun) -> None:
    """Keep the months of membership and the birthdays that have come; a restart goes on."""
    today = clock.business_date(current_club().time_zone)
    done, after = run.done, int(run.payload.get("after", 0))
    while (batch := calendar.days_batch(today, after=after)).after is not None:
        done, after = done + batch.facts, batch.after
        run.checkpoint(done=done, payload={**run.payload, "after": after})


@job("earning.sign_ins", every=timedelta(minutes=10))
def record_sign_ins(run: JobRun) -> None:
    """Keep who used the portal today, once a day each."""
    done = run.done
    while facts := calendar.sign_ins_batch(clock.now()):
        done += facts
        run.checkpoint(done=done)


def _withdraw(subject: str, event: DomainEvent, reason: str) -> None:
    on = clock.business_date(current_club().time_zone, event.created_at)
    withdraw_facts(actor=None, subject=subject, on=on, reason=reason)

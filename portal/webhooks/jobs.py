"""Telling webhooks what happened: one job for each event and webhook."""

from portal.jobs.registry import JobRun, TryAgainError, job
from portal.outbox.registry import DomainEvent, subscribe
from portal.slots import is_plugin_on
from portal.webhooks import outcomes, queries, sending, service


class DeliveryError(TryAgainError):
    """A webhook was not told; the text says why, without its address."""


def _wants(event: DomainEvent) -> bool:
    return bool(queries.wanting(event))


@subscribe(None, name="webhooks.tell", wants=_wants)
def tell(event: DomainEvent) -> None:
    """Ask for a delivery to each webhook that wants to know, unless the event's plugin is off."""
    if is_plugin_on(service.plugin_of(event.kind), event.project_id):
        service.tell(webhook_ids=queries.wanting(event), event=event)


@job(service.DELIVER, long=True)
def deliver(run: JobRun) -> None:
    """Make one delivery. Whoever takes it in vain, or not at all, is tried again later."""
    found, why_not = sending.read_todo(run.payload["delivery"])
    if found is None:
        return
    if why_not == "held":
        if run.is_last_attempt:
            outcomes.note_untried(found)
            run.checkpoint()
        raise DeliveryError("left alone: it did not answer in time a moment ago")
    if why_not:
        outcomes.note_skipped(found, why_not)
        return
    outcome = sending.attempt(found)
    if not outcome.error:
        outcomes.note_delivered(found, outcome.status or 0, outcome.took_ms)
        return
    # Whoever sends a test looks at the answer, and sends another.
    is_test = found.kind == service.TEST
    outcomes.note_failure(
        found, outcome.error, outcome.status, outcome.took_ms,
        last=is_test or run.is_last_attempt,
    )  # fmt: skip
    if is_test:
        return
    # What was noted is kept, although the attempt fails.
    run.checkpoint()
    raise DeliveryError(f"{outcome.error} {outcome.status or ''}".strip())

"""One attempt at a delivery: what is read before it, the request, and what came of it."""

import json
import logging
import time
from dataclasses import dataclass

from portal import clock
from portal.extensions import db, reading
from portal.slots import is_plugin_on
from portal.webhooks.addresses import AddressError, local_allowed, parse_address
from portal.webhooks.models import DeliveryState, WebhookState
from portal.webhooks.posting import PostError, post
from portal.webhooks.queries import Todo, todo
from portal.webhooks.service import TEST
from portal.webhooks.signing import signed_headers

_log = logging.getLogger("portal.webhooks")
_OPEN = (DeliveryState.WAITING, DeliveryState.FAILED)
_TAKEN = range(200, 300)
_ELSEWHERE = range(300, 400)


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: `error` is empty when the message was taken."""

    error: str
    status: int | None
    took_ms: int


def read_todo(message: str) -> tuple[Todo | None, str]:
    """Return a delivery that is still to be made, and why it is not to be made now, if so: paused,
    plugin_off, held. No transaction is left open."""
    with reading():
        found = todo(message)
        is_on = found is None or is_plugin_on(found.plugin, found.project_id)
        db.session.rollback()
    if found is None or found.delivery_state not in _OPEN:
        return None, ""
    if found.webhook_state != WebhookState.ACTIVE and found.kind != TEST:
        return found, "paused"
    if not is_on:
        return found, "plugin_off"
    if found.held_until is not None and found.held_until > clock.now() and found.kind != TEST:
        return found, "held"
    return found, ""


def attempt(found: Todo) -> Outcome:
    """Send a delivery once. Nothing of the database is used meanwhile."""
    body = json.dumps(found.content, ensure_ascii=False, separators=(",", ":")).encode()
    at = int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "member-club-portal",
        **signed_headers(found.message, at, body, found.signing_secrets),
    }
    begun, status, error = time.monotonic(), None, ""
    try:
        target = parse_address(found.address, local=local_allowed())
        status = post(target, body, headers)
    except (AddressError, PostError) as refusal:
        error = refusal.code
    else:
        if status in _ELSEWHERE:
            error = "redirect"
        elif status not in _TAKEN:
            error = "status"
    took_ms = round((time.monotonic() - begun) * 1000)
    _log.info("webhook %s: %s %s in %d ms", found.webhook, status or "-", error, took_ms)
    return Outcome(error, status, took_ms)

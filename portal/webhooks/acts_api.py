"""What is done with a webhook, for programs: paused, tried, watched, given another secret."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.exporting import declare_export
from portal.api.fields import Choice, Moment, Output, Text, Whole
from portal.api.paging import page_schema, paged
from portal.api.problems import Problem, conflict
from portal.extensions import db
from portal.i18n import gettext
from portal.idempotency.answers import secret_answer
from portal.pagination import page_of
from portal.projects.queries import all_projects
from portal.webhooks import delivery_views, queries, service, words
from portal.webhooks.api import MANAGE, WebhookMade, WebhookShown, blueprint, shown
from portal.webhooks.filters import DeliveryFilter
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery
from portal.webhooks.service import WebhookError
from portal.webhooks.staff_views import find_or_404

__all__ = ["blueprint"]

_MOVED = {409: "It stands elsewhere now (`state`), where this is not possible."}


class DeliveryShown(Output):
    """One event for the webhook; `id` is the message's, as `Webhook-Id` says it."""

    id = Text(22)
    kind = Text(60)
    state = Choice(DeliveryState)
    attempts = Whole(0, 1000)
    status_code = Whole(100, 599, allow_none=True, metadata={"description": "Of the last answer."})
    error = Text(20, metadata={"description": "Why the last attempt failed; empty otherwise."})
    took_ms = Whole(0, 10**9, allow_none=True)
    happened_at = Moment()
    delivered_at = Moment(allow_none=True)


class DeliveriesQuery(Schema):
    """Which deliveries."""

    state = fields.String(load_default="", validate=validate.OneOf(["", *DeliveryState]))
    event = fields.String(
        load_default="",
        validate=validate.Length(max=60),
        metadata={"description": "A kind of event."},
    )


class TestSent(Output):
    """The id of the test's message, among the deliveries."""

    delivery = Text(22)


@blueprint.call("GET", "/<public_id>", WebhookShown)
@requires(MANAGE)
def service_show(public_id: str) -> dict[str, Any]:
    """Show one webhook."""
    return _told(find_or_404(public_id))


@blueprint.call("POST", "/<public_id>/pause", WebhookShown, errors=_MOVED)
@requires(MANAGE)
def service_pause(public_id: str) -> dict[str, Any]:
    """Tell a webhook nothing more: what happens meanwhile it never hears."""
    webhook = find_or_404(public_id)
    try:
        service.pause(actor=current_account(), webhook=webhook)
    except WebhookError as error:
        raise _moved(webhook) from error
    db.session.commit()
    return _told(webhook)


@blueprint.call("POST", "/<public_id>/resume", WebhookShown, errors=_MOVED)
@requires(MANAGE)
def service_resume(public_id: str) -> dict[str, Any]:
    """Tell a webhook again what happens from now on."""
    webhook = find_or_404(public_id)
    try:
        service.resume(actor=current_account(), webhook=webhook)
    except WebhookError as error:
        raise _moved(webhook) from error
    db.session.commit()
    return _told(webhook)


@blueprint.call("POST", "/<public_id>/rotate", WebhookMade)
@requires(MANAGE)
@secret_answer
def service_rotate(public_id: str) -> dict[str, Any]:
    """Give a webhook a new secret, shown this once; the old one signs, too, for 24 hours."""
    webhook = find_or_404(public_id)
    secret = service.rotate_secret(actor=current_account(), webhook=webhook)
    db.session.commit()
    return {**_told(webhook), "secret": secret}


@blueprint.call("POST", "/<public_id>/test", TestSent, status=202)
@requires(MANAGE)
def service_test(public_id: str) -> dict[str, Any]:
    """Send a test event, also to one that is paused."""
    message = service.send_test(actor=current_account(), webhook=find_or_404(public_id))
    db.session.commit()
    return {"delivery": message}


@blueprint.call(
    "GET",
    "/<public_id>/deliveries",
    page_schema(DeliveryShown),
    query=DeliveriesQuery,
    paged=True,
)
@requires(MANAGE)
def service_deliveries(public_id: str, query: dict[str, str]) -> Any:
    """List what a webhook was told, the newest first."""
    webhook = find_or_404(public_id)
    wanted = DeliveryFilter(state=query["state"], kind=query["event"])
    page = page_of(
        queries.deliveries(webhook, wanted),
        WebhookDelivery.created_at,
        WebhookDelivery.id,
        descending=True,
    )
    return paged(page, _delivery)


@blueprint.call("POST", "/<public_id>/deliveries/<delivery_id>/again", errors=_MOVED)
@requires(MANAGE)
def service_again(public_id: str, delivery_id: str) -> None:
    """Send once more what was given up or left out."""
    webhook = find_or_404(public_id)
    delivery = queries.find_delivery(webhook, delivery_id)
    if delivery is None:
        raise NotFound
    try:
        service.send_again(actor=current_account(), webhook=webhook, delivery=delivery)
    except WebhookError as error:
        db.session.rollback()
        title = words.DELIVERY_TITLES[delivery.state]
        sentence = gettext("It stands now at: %(state)s", state=title)
        raise conflict("illegal_step", sentence, state=delivery.state) from error
    db.session.commit()


declare_export(
    blueprint,
    "/<public_id>/deliveries",
    "service_export",
    delivery_views.export,
    query=DeliveriesQuery,
)


def _moved(webhook: Webhook) -> Problem:
    state = webhook.state
    db.session.rollback()
    sentence = gettext("It stands now at: %(state)s", state=words.STATE_TITLES[state])
    return conflict("illegal_step", sentence, state=state)


def _told(webhook: Webhook) -> dict[str, Any]:
    slugs = {project.id: project.slug for project in all_projects()}
    return shown(webhook, slugs.get(webhook.project_id or 0))


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "status_code": row.status_code,
        "error": row.error,
        "took_ms": row.took_ms,
        "happened_at": row.happened_at,
        "delivered_at": row.delivered_at,
    }

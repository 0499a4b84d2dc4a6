"""Webhooks, for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Input, Known, Moment, Output, Text, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import invalid
from portal.extensions import db
from portal.i18n import gettext, lazy
from portal.idempotency.answers import secret_answer
from portal.outbox.registry import declared_kinds
from portal.pagination import page_of
from portal.projects.queries import all_projects, find_project
from portal.webhooks import queries, service
from portal.webhooks.addresses import AddressError, local_allowed, parse_address
from portal.webhooks.models import Webhook, WebhookState
from portal.webhooks.service import WebhookError
from portal.webhooks.words import ADDRESS_ERRORS

MANAGE = "webhooks.manage"
ERRORS = {
    "no_kind": lazy("Choose at least one kind of event."),
    "unknown_kind": lazy("There is no such kind of event."),
}
blueprint = ApiBlueprint(
    "webhooks_api", "portal.webhooks", url_prefix="/api/v1/centre/webhooks", title="Webhooks"
)


class WebhookShown(Output):
    """A webhook, without its secret."""

    id = Text(22)
    name = Text(80)
    address = Text(500)
    kinds = list_of(Text(60))
    project = Text(40, allow_none=True, metadata={"description": "Null: the whole club."})
    state = Choice(WebhookState)
    failing_since = Moment(allow_none=True)
    created_at = Moment()


class WebhookWish(Input):
    """Where to send what."""

    name = Text(80, required=True)
    address = Text(500, required=True)
    kinds = list_of(
        Text(60, known=Known(declared_kinds)),
        required=True,
        metadata={"description": "Kinds of events, at least one."},
    )
    project = Text(40, metadata={"description": "A project's slug; without it the whole club."})


class WebhookMade(WebhookShown):
    """A new webhook; its secret is shown this once."""

    secret = Text(80)


@blueprint.call("GET", "", page_schema(WebhookShown), paged=True)
@requires(MANAGE)
def service_list() -> Any:
    """List the webhooks, the newest first."""
    slugs = {project.id: project.slug for project in all_projects()}
    page = page_of(queries.webhooks(), Webhook.created_at, Webhook.id, descending=True)
    return paged(page, lambda row: shown(row[0], slugs.get(row[0].project_id)))


@blueprint.call("POST", "", WebhookMade, status=201, body=WebhookWish)
@requires(MANAGE)
@secret_answer
def service_new(body: dict[str, Any]) -> dict[str, Any]:
    """Register a webhook; its secret is shown this once."""
    with _refusals():
        webhook, secret = service.register(actor=current_account(), **_wished(body))
    db.session.commit()
    return {**shown(webhook, body.get("project")), "secret": secret}


@blueprint.call("PUT", "/<public_id>", WebhookShown, body=WebhookWish)
@requires(MANAGE)
def service_change(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change a webhook's name, address, kinds and project; its secret stays."""
    webhook = _found(public_id)
    with _refusals():
        service.change(actor=current_account(), webhook=webhook, **_wished(body))
    db.session.commit()
    return shown(webhook, body.get("project"))


@blueprint.call("DELETE", "/<public_id>")
@requires(MANAGE)
def service_delete(public_id: str) -> None:
    """Delete a webhook and the list of what it was told."""
    service.delete(actor=current_account(), webhook=_found(public_id))
    db.session.commit()


def _found(public_id: str) -> Webhook:
    webhook = queries.find_webhook(public_id)
    if webhook is None:
        raise NotFound
    return webhook


def _wished(body: dict[str, Any]) -> dict[str, Any]:
    """Return what was asked for, as the service takes it."""
    if not body["name"]:
        raise invalid(name=gettext("Enter a name, such as “Customer system”."))
    project = find_project(body["project"]) if "project" in body else None
    if "project" in body and project is None:
        raise invalid(project=gettext("There is no such project."))
    return {
        "name": body["name"],
        "target": parse_address(body["address"], local=local_allowed()),
        "kinds": body["kinds"],
        "project_id": project.id if project else None,
    }


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell which field of the body is refused."""
    try:
        yield
    except AddressError as error:
        raise invalid(address=ADDRESS_ERRORS[error.code]) from error
    except WebhookError as error:
        raise invalid(kinds=ERRORS[error.code]) from error


def shown(row: Webhook, slug: str | None) -> dict[str, Any]:
    """Return a webhook without its secret; `slug` is its project's."""
    return {
        "id": row.public_id,
        "name": row.name,
        "address": row.address,
        "kinds": row.kinds,
        "project": slug,
        "state": row.state,
        "failing_since": row.failing_since,
        "created_at": row.created_at,
    }

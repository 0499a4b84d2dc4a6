"""Webhooks at the group centre: registered, changed, tried, watched, paused, deleted."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.pagination import page_of
from portal.projects.queries import all_projects
from portal.webhooks import queries, service, words
from portal.webhooks.blueprint import blueprint
from portal.webhooks.filters import CLUB, DeliveryFilter, WebhookFilter
from portal.webhooks.forms import WebhookForm
from portal.webhooks.models import Webhook, WebhookDelivery
from portal.webhooks.service import WebhookError

__all__ = ["blueprint"]

MANAGE = "webhooks.manage"
Page = str | tuple[str, int] | Response


class MovedError(Conflict):
    """A 409 whose page says how the webhook, or the delivery, stands now."""

    def __init__(self, state: object) -> None:
        super().__init__()
        self.advice = gettext(
            "This stands at “%(state)s” now. Load its page again to go on from there.", state=state
        )


@blueprint.get("/centre/webhooks")
@requires(MANAGE)
def index() -> str:
    """List the webhooks, the newest first."""
    projects = all_projects()
    wanted = WebhookFilter.read(request.args, {project.slug for project in projects})
    page = page_of(queries.webhooks(wanted), Webhook.created_at, Webhook.id, descending=True)
    return render_template(
        "webhooks/index.html",
        page=page,
        wanted=wanted,
        club_choice=CLUB,
        projects={project.id: project for project in projects},
        words=words,
    )


@blueprint.route("/centre/webhooks/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Page:
    """Register a webhook and show its secret, this once."""
    form = WebhookForm()
    if not form.validate_on_submit():
        body = render_template("webhooks/new.html", form=form)
        return (body, 422) if request.method == "POST" else body
    webhook, secret = service.register(
        actor=current_account(),
        name=form.name.data or "",
        target=form.target,
        kinds=form.kinds.data or (),
        project_id=form.project_id,
    )
    db.session.commit()
    return render_template("webhooks/secret.html", webhook=webhook, secret=secret, rotated=False)


@blueprint.get("/centre/webhooks/<public_id>")
@requires(MANAGE)
def show(public_id: str) -> str:
    """Show a webhook and what it was told, the newest first."""
    webhook = find_or_404(public_id)
    wanted = delivery_filter(webhook)
    page = page_of(
        queries.deliveries(webhook, wanted),
        WebhookDelivery.created_at,
        WebhookDelivery.id,
        descending=True,
    )
    return render_template(
        "webhooks/show.html",
        webhook=webhook,
        page=page,
        wanted=wanted,
        kinds=told_kinds(webhook),
        projects={project.id: project for project in all_projects()},
        words=words,
        now=clock.now(),
    )


@blueprint.route("/centre/webhooks/<public_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(public_id: str) -> Page:
    """Change a webhook's name, address, kinds or place."""
    webhook = find_or_404(public_id)
    place = next((each.slug for each in all_projects() if each.id == webhook.project_id), CLUB)
    form = WebhookForm(
        data={
            "name": webhook.name,
            "address": webhook.address,
            "kinds": webhook.kinds,
            "project": place,
        }
    )
    if not form.validate_on_submit():
        body = render_template("webhooks/edit.html", form=form, webhook=webhook)
        return (body, 422) if request.method == "POST" else body
    service.change(
        actor=current_account(),
        webhook=webhook,
        name=form.name.data or "",
        target=form.target,
        kinds=form.kinds.data or (),
        project_id=form.project_id,
    )
    db.session.commit()
    flash(gettext("The changes are saved."))
    return redirect(url_for("webhooks.show", public_id=public_id), 303)


@blueprint.route("/centre/webhooks/<public_id>/rotate", methods=["GET", "POST"])
@requires(MANAGE)
def rotate(public_id: str) -> str:
    """Ask, then give a webhook a new secret and show it, this once."""
    webhook = find_or_404(public_id)
    if request.method == "GET":
        return render_template("webhooks/rotate.html", webhook=webhook)
    secret = service.rotate_secret(actor=current_account(), webhook=webhook)
    db.session.commit()
    return render_template("webhooks/secret.html", webhook=webhook, secret=secret, rotated=True)


@blueprint.post("/centre/webhooks/<public_id>/pause")
@requires(MANAGE)
def pause(public_id: str) -> Response:
    """Tell a webhook nothing more."""
    return _act(public_id, service.pause, gettext("Paused. What happens now it never hears."))


@blueprint.post("/centre/webhooks/<public_id>/resume")
@requires(MANAGE)
def resume(public_id: str) -> Response:
    """Tell a webhook again."""
    return _act(public_id, service.resume, gettext("It hears again what happens from now on."))


@blueprint.post("/centre/webhooks/<public_id>/test")
@requires(MANAGE)
def test(public_id: str) -> Response:
    """Send a test event."""
    done = gettext("The test is on its way. Load this page again to see the answer.")
    return _act(public_id, service.send_test, done)


@blueprint.route("/centre/webhooks/<public_id>/delete", methods=["GET", "POST"])
@requires(MANAGE)
def delete(public_id: str) -> str | Response:
    """Ask, then delete a webhook."""
    webhook = find_or_404(public_id)
    if request.method == "GET":
        return render_template("webhooks/delete.html", webhook=webhook)
    service.delete(actor=current_account(), webhook=webhook)
    db.session.commit()
    flash(gettext("The webhook is deleted."))
    return redirect(url_for("webhooks.index"), 303)


def _act(public_id: str, act: Callable[..., object], done: str) -> Response:
    webhook = find_or_404(public_id)
    try:
        act(actor=current_account(), webhook=webhook)
    except WebhookError as error:
        state = words.STATE_TITLES[webhook.state]
        db.session.rollback()
        raise MovedError(state) from error
    db.session.commit()
    flash(done)
    return redirect(url_for("webhooks.show", public_id=public_id), 303)


def find_or_404(public_id: str) -> Webhook:
    """Return a webhook, or answer that there is none."""
    found = queries.find_webhook(public_id)
    if found is None:
        raise NotFound
    return found


def told_kinds(webhook: Webhook) -> list[str]:
    """Return the kinds of events by which a webhook's deliveries can be filtered."""
    return [*webhook.kinds, service.TEST]


def delivery_filter(webhook: Webhook) -> DeliveryFilter:
    """Return the filter of deliveries in the request's address."""
    return DeliveryFilter.read(request.args, told_kinds(webhook))

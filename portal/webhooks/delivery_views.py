"""What a webhook was told: sent again, and exported."""

from collections.abc import Iterator, Sequence

from flask import flash, redirect, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext
from portal.webhooks import queries, service, words
from portal.webhooks.blueprint import blueprint
from portal.webhooks.filters import DeliveryFilter
from portal.webhooks.models import Webhook, WebhookDelivery
from portal.webhooks.service import WebhookError
from portal.webhooks.staff_views import MANAGE, MovedError, delivery_filter, find_or_404

__all__ = ["blueprint"]

_BATCH = 500


@blueprint.post("/centre/webhooks/<public_id>/deliveries/<delivery_id>/again")
@requires(MANAGE)
def again(public_id: str, delivery_id: str) -> Response:
    """Send once more what was given up."""
    webhook = find_or_404(public_id)
    delivery = queries.find_delivery(webhook, delivery_id)
    if delivery is None:
        raise NotFound
    try:
        service.send_again(actor=current_account(), webhook=webhook, delivery=delivery)
    except WebhookError as error:
        db.session.rollback()
        raise MovedError(words.DELIVERY_TITLES[delivery.state]) from error
    db.session.commit()
    flash(gettext("It is sent once more."))
    return redirect(url_for("webhooks.show", public_id=public_id), 303)


@blueprint.post("/centre/webhooks/<public_id>/deliveries/export.<kind>")
@requires(MANAGE)
def export(public_id: str, kind: str) -> Response:
    """Send the filtered list of deliveries as a file."""
    if kind not in set(ExportFormat):
        raise NotFound
    webhook = find_or_404(public_id)
    wanted = delivery_filter(webhook)
    record(
        actor=current_account(),
        action="webhook.exported",
        subject=("webhook", webhook.public_id),
        project_id=webhook.project_id,
        facts={"format": kind, "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    return export_file(
        name=f"webhook-{clock.now():%Y%m%d}",
        kind=ExportFormat(kind),
        header=[
            gettext("Event"),
            gettext("Kind"),
            gettext("State"),
            gettext("Answer"),
            gettext("Error"),
            gettext("Attempts"),
            gettext("Milliseconds"),
            gettext("Happened (UTC)"),
            gettext("Delivered (UTC)"),
            gettext("Reference"),
        ],
        rows=_lines(webhook, wanted),
    )


def _lines(webhook: Webhook, wanted: DeliveryFilter) -> Iterator[Sequence[object]]:
    statement = queries.deliveries(webhook, wanted).order_by(
        WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc()
    )
    for row in db.session.scalars(statement.execution_options(yield_per=_BATCH)):
        yield (
            str(words.kind_title(row.kind)),
            row.kind,
            str(words.DELIVERY_TITLES[row.state]),
            "" if row.status_code is None else row.status_code,
            str(words.ERROR_TITLES.get(row.error, row.error)),
            row.attempts,
            "" if row.took_ms is None else row.took_ms,
            f"{row.happened_at:%Y-%m-%d %H:%M:%S}",
            f"{row.delivered_at:%Y-%m-%d %H:%M:%S}" if row.delivered_at else "",
            row.public_id,
        )

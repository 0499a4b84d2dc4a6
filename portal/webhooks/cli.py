"""`portal webhook`: webhooks, from the terminal."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.extensions import db
from portal.webhooks import outcomes, sending, service
from portal.webhooks.models import Webhook
from portal.webhooks.queries import find_webhook

commands = AppGroup("webhook", help="Look at webhooks, and try them.")
_SHOWN = 200


@commands.command("list")
def list_webhooks() -> None:
    """List the webhooks: id, state, failures in a row, host, name."""
    rows = db.session.scalars(sa.select(Webhook).order_by(Webhook.id.desc()).limit(_SHOWN))
    for row in rows:
        click.echo(f"{row.public_id}  {row.state}  {row.failures}  {row.host}  {row.name}")


@commands.command("test")
@click.argument("key", metavar="ID")
def test(key: str) -> None:
    """Send a test event now, and tell what the other side answered."""
    webhook = find_webhook(key)
    if webhook is None:
        raise click.ClickException(f"There is no webhook {key}. See: portal webhook list")
    message = service.send_test(actor=None, webhook=webhook, queued=False)
    db.session.commit()
    found, _ = sending.read_todo(message)
    if found is None:
        raise click.ClickException("The webhook was deleted meanwhile.")
    outcome = sending.attempt(found)
    if outcome.error:
        outcomes.note_failure(found, outcome.error, outcome.status, outcome.took_ms, last=True)
    else:
        outcomes.note_delivered(found, outcome.status or 0, outcome.took_ms)
    db.session.commit()
    answer = f"{outcome.status or 'no answer'} in {outcome.took_ms} ms"
    if outcome.error:
        raise click.ClickException(f"Not delivered ({outcome.error}): {answer}.")
    click.echo(f"Delivered: {answer}.")

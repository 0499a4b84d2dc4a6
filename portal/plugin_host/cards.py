"""Showing a card: a plugin's template may fail like its hooks, and the page lives on."""

import traceback

from flask import current_app, g, render_template
from markupsafe import Markup

from portal.plugin_host import faults
from portal.plugin_host.dispatch import forget_broken_transaction
from portal.plugin_host.state import host
from portal.slots import Card
from portal.tracing import request_id

BROKEN = "plugins/broken.html"


def render_card(card: Card) -> Markup:
    """Return a card as HTML; a plugin's card that fails becomes a short notice with a reference."""
    plugin = card.template.split("/")[0]
    try:
        return Markup(render_template(card.template, card=card, data=card.data))  # noqa: S704 - a template's own output
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if plugin not in host().loaded or faults.strict():
            raise
        forget_broken_transaction()
        text = "".join(traceback.format_exception(error))
        where = f"template {card.template}"[:80]
        project_key = g.project.id if g.get("project") else 0
        faults.note(plugin, where, project_key, type(error).__name__, text, request_id())
        current_app.logger.exception("card %s failed", card.template)
        return Markup(render_template(BROKEN, reference=request_id()))  # noqa: S704 - our own

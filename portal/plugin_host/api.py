"""Plugins × projects, for programs."""

from typing import Any

from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Flag, Input, Output, Text, Whole, list_of
from portal.api.problems import refused
from portal.extensions import db
from portal.i18n import localized
from portal.plugin_host import queries, service
from portal.plugin_host.staff_views import sentence
from portal.plugin_host.state import find_project, host

blueprint = ApiBlueprint(
    "plugins_api", "portal.plugin_host", url_prefix="/api/v1/centre/plugins", title="Plugins"
)


class PluginShown(Output):
    """A plugin, and where it is on."""

    name = Text(20)
    title = Text()
    summary = Text(400)
    on = list_of(Text(40), metadata={"description": "Slugs of the projects."})
    blocked = Flag()
    faults = Whole(0, 10**9, metadata={"description": "How often it failed."})


class QuarantinedShown(Output):
    """A plugin that could not be loaded."""

    name = Text(40)
    reason = Text(1000)


class PluginsShown(Output):
    """What is installed."""

    items = list_of(PluginShown)
    quarantined = list_of(QuarantinedShown)


class Switch(Input):
    """On or off."""

    on = Flag(required=True)


@blueprint.call("GET", "", PluginsShown)
@requires("plugins.manage")
def matrix() -> dict[str, Any]:
    """Show where each plugin is on, and what could not be loaded."""
    return {
        "items": [
            {
                "name": each.plugin.name,
                "title": localized(each.plugin.manifest.title),
                "summary": localized(each.plugin.manifest.summary),
                "on": each.on,
                "blocked": each.blocked,
                "faults": each.faults,
            }
            for each in queries.standings()
        ],
        "quarantined": [found for _, found in sorted(host().quarantined.items())],
    }


@blueprint.call("PUT", "/<name>/projects/<slug>", body=Switch)
@requires("plugins.manage")
def switch(name: str, slug: str, body: dict[str, bool]) -> None:
    """Switch a plugin on or off in a project."""
    project = find_project(slug)
    if project is None or name not in host().loaded:
        raise NotFound
    act = service.enable if body["on"] else service.disable
    try:
        act(actor=current_account(), plugin=name, project=project)
    except service.SwitchError as error:
        raise refused(error.code, sentence(error), "on") from error
    db.session.commit()

"""Are a plugin's tables in the database as its revisions say? Asked until the answer is yes."""

from flask import current_app

from portal.database import revisions
from portal.extensions import db
from portal.plugin_host.host import PluginHost


def is_migrated(plugin: str, *, afresh: bool = False) -> bool:
    """Tell whether the database has every revision and every table of a loaded plugin.

    A yes is remembered by the process, so that no request pays for it twice: tables are dropped
    only while their plugin is off everywhere, and switching it on asks `afresh`.
    """
    host: PluginHost = current_app.extensions["portal.plugins"]
    manifest = host.loaded[plugin].manifest
    if manifest.models is None and manifest.migrations is None:
        return True
    if afresh or plugin not in host.migrated:
        if revisions.is_behind(plugin, db.session.connection()):
            return False
        host.migrated.add(plugin)
    return True

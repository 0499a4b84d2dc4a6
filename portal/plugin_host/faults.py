"""What went wrong in plugins: kept in memory during the request, written once it is over.

The request may only read, or its transaction may be broken; so the row is written afterwards in a
transaction of its own. A fault that cannot be written is in the log all the same.
"""

import logging
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Flask, current_app, g

from portal import clock
from portal.columns import storable
from portal.database.statements import put
from portal.extensions import db, read_only
from portal.masking import masked
from portal.plugin_host.models import PluginFault

MOST_CHARACTERS = 8000
_log = logging.getLogger("portal.plugins")


@dataclass(frozen=True)
class Fault:
    """One failure of a hook, before it is written."""

    plugin: str
    hook: str
    project_key: int
    kind: str
    traceback: str
    reference: str


def note(plugin: str, hook: str, project_key: int, kind: str, text: str, reference: str) -> None:
    """Keep a fault until the request (or command) is over."""
    fault = Fault(
        plugin, hook, project_key, kind[:80], storable(masked(text))[-MOST_CHARACTERS:], reference
    )
    g.setdefault("plugin_faults", []).append(fault)


def strict() -> bool:
    """Tell whether a plugin's exception goes on: in tests and development, unless they opt out."""
    keeps = current_app.config.get("PLUGIN_FAULTS_ARE_KEPT", False)
    return bool(current_app.testing or current_app.debug) and not keeps


def configure_faults(app: Flask) -> None:
    """Write the faults of a request or command when it is over."""

    @app.teardown_appcontext
    def write(error: BaseException | None) -> None:
        found = g.pop("plugin_faults", [])
        if found:
            # What is still open may hold the write lock that the faults need.
            db.session.rollback()
            _write(found)


def _write(faults: list[Fault]) -> None:
    token = read_only.set(False)
    try:
        with db.engine.begin() as connection:
            for fault in faults:
                connection.execute(_upsert(fault))
    except sa.exc.SQLAlchemyError:
        _log.exception("plugin faults could not be written")
    finally:
        read_only.reset(token)


def _upsert(fault: Fault) -> sa.Executable:
    key = {"plugin": fault.plugin, "hook": fault.hook, "project_key": fault.project_key}
    latest = {
        "reference": fault.reference,
        "kind": fault.kind,
        "traceback": fault.traceback,
        "last_at": clock.now(),
    }
    row = {**key, **latest, "times": 1}
    return put(PluginFault, tuple(key), row, times=PluginFault.times + 1)

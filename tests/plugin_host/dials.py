"""An application with the toy that has a setting of every kind, and what its tests ask."""

import dataclasses
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app
from portal.audit.models import AuditEntry
from portal.config import Settings
from portal.extensions import db
from portal.plugin_host import settings_service
from portal.plugin_host.models import PluginSetting
from portal.plugin_host.settings import plugin_settings
from portal.plugin_host.settings_service import Change
from portal.projects.models import Project
from tests.conftest import IsolatedClient

DIALS = EntryPoint("dials", "dials_toy", "portal.plugins")
SECRET = "s3cret-of-the-gateway"


@pytest.fixture
def dial_app(toys: None, app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application with the toy, its secret in the environment."""
    with_secret = dataclasses.replace(settings, plugin_secrets={"PORTAL_PLUGIN_DIALS_KEY": SECRET})
    found = create_app(with_secret, plugins=[DIALS])
    assert found.extensions["portal.plugins"].quarantined == {}
    found.config["WTF_CSRF_ENABLED"] = False
    found.test_client_class = IsolatedClient
    with found.app_context():
        engine = db.engine
        yield found
    engine.dispose()


def put(project: Project | None = None, **values: Any) -> None:
    """Set values as somebody who saw what is kept now, and commit."""
    changes = [Change(key, value, version(key, project)) for key, value in values.items()]
    settings_service.change(actor=None, plugin="dials", project=project, changes=changes)
    db.session.commit()


def keep(value: Any, key: str, project: Project | None = None) -> None:
    """Keep a value whether it fits or not, as an older version of the toy might have."""
    from portal import clock
    from portal.plugin_host import settings

    project_id = project.id if project else None
    row = PluginSetting(
        plugin="dials", key=key, project_id=project_id, value=value, changed_at=clock.now()
    )
    db.session.add(row)
    db.session.commit()
    settings.forget()


def version(key: str, project: Project | None = None) -> str:
    """Return the version of the kept value, "" without one."""
    where = PluginSetting.key == key, PluginSetting.project_id == (project.id if project else None)
    return db.session.scalar(sa.select(PluginSetting.version).where(*where)) or ""


def value(key: str, project: Project | None = None) -> Any:
    """Return what the plugin gets."""
    from portal.plugin_host import settings
    from portal.plugin_host.refs import project_ref

    settings.forget()
    return plugin_settings("dials", project_ref(project) if project else None)[key]


def acts() -> list[tuple[int | None, dict[str, Any]]]:
    """Return the audit entries of changed settings: project and facts."""
    entries = db.session.scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.action == "plugin.settings_changed")
        .order_by(AuditEntry.id)
    )
    return [(entry.project_id, entry.facts) for entry in entries]

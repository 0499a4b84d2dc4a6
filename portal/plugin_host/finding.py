"""What search asks of plugins: where they are on, and how what was found is shown now."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import localized
from portal.plugin_host import dispatch
from portal.plugin_host.models import PluginState
from portal.plugin_host.refs import project_ref
from portal.plugin_host.state import enabled_for, enabled_in, host
from portal.projects.models import Project
from portal.slots import Hit


def plugins_on(project_id: int | None) -> Mapping[int, frozenset[str]]:
    """Return which plugins are on in a project, or (None) in every project that has any."""
    if not host().loaded:
        return {}
    if project_id is not None:
        return {project_id: enabled_for(project_id)}
    somewhere = sa.select(PluginState.project_id).where(PluginState.enabled).distinct()
    return enabled_in(db.session.scalars(somewhere).all())


def faces() -> Mapping[str, tuple[str, str]]:
    """Return the title and the icon of every plugin."""
    return {
        name: (localized(plugin.manifest.title), plugin.manifest.icon)
        for name, plugin in host().loaded.items()
    }


def describe_hits(plugin: str, project_id: int, keys: Sequence[str]) -> list[Hit] | None:
    """Let a plugin describe what was found of it; None when it does not, or when that failed."""
    if plugin not in enabled_for(project_id) or not dispatch.implementations(
        "describe_hits", plugin
    ):
        return None
    project = project_ref(db.session.get_one(Project, project_id))
    answer = dispatch.ask("describe_hits", plugin=plugin, project=project, keys=tuple(keys))
    return None if answer is None or answer.fault else answer.value

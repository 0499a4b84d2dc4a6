"""What `portal doctor` asks about plugins: their variables, and the settings that they need."""

from collections.abc import Iterable

import sqlalchemy as sa

from portal.config import PLUGIN_VARIABLES
from portal.extensions import db
from portal.plugin_host.settings import missing_in, variables
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

MOST_TOLD = 5


def not_of_plugins(names: Iterable[str]) -> list[str]:
    """Return the names of variables that no plugin reads, sorted.

    Nobody could ask a plugin in quarantine for its settings: its variables are let pass.
    """
    secrets = variables(host())
    unread = tuple(f"{PLUGIN_VARIABLES}{name}_".upper() for name in host().quarantined)
    return sorted(name for name in names if name not in secrets and not name.startswith(unread))


def settings_problem() -> str | None:
    """Return which plugins are on without a value that they need, in words."""
    projects = {project.id: project.slug for project in db.session.scalars(sa.select(Project))}
    lacking = sorted(
        (plugin, projects[project_id], keys)
        for (project_id, plugin), keys in missing_in(enabled_in(projects.keys())).items()
    )
    if not lacking:
        return None
    told = [f"{plugin} in {slug}: {', '.join(keys)}" for plugin, slug, keys in lacking]
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return f"no value for {'; '.join(told[:MOST_TOLD])}{more}"

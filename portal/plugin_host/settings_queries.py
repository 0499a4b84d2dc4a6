"""What the pages of settings tell besides the settings."""

from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host.models import PluginSetting, PluginState
from portal.plugin_host.state import enabled_in


def last_change(plugin: str, project_id: int | None) -> tuple[datetime, str | None] | None:
    """Return when the settings of a layer were last changed, and by whom (None: in the shell)."""
    found = db.session.execute(
        sa.select(PluginSetting.changed_at, Account.display_name)
        .outerjoin(Account, Account.id == PluginSetting.changed_by_id)
        .where(PluginSetting.plugin == plugin, PluginSetting.project_id == project_id)
        .order_by(PluginSetting.changed_at.desc(), PluginSetting.id.desc())
        .limit(1)
    ).first()
    return (found[0], found[1]) if found else None


def places_on(plugin: str) -> int:
    """Return in how many projects a plugin is on."""
    where = PluginState.plugin == plugin, PluginState.enabled
    ids = list(db.session.scalars(sa.select(PluginState.project_id).where(*where)))
    return sum(plugin in names for names in enabled_in(ids).values())

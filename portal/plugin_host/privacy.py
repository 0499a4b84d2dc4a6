"""What the plugin host keeps of a member: the links that plugins gave away."""

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ExportPart
from portal.plugin_host.models import PluginToken

_ACTOR_WHY = "names only the account of the staff who acted"
TABLES = {
    "plugin_token": Coverage(),
    "plugin_state": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
    "plugin_setting": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
    "plugin_block": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return which links were made for the member."""
    rows = db.session.scalars(
        sa.select(PluginToken)
        .where(PluginToken.member_id == member.id)
        .order_by(PluginToken.created_at)
    )
    return [
        ExportPart(
            "links",
            lazy("Links made for you"),
            {
                "plugin": lazy("Plugin"),
                "purpose": lazy("Purpose"),
                "made": lazy("Made"),
                "until": lazy("Until"),
                "used": lazy("Used"),
            },
            [
                {
                    "plugin": row.plugin,
                    "purpose": row.purpose,
                    "made": row.created_at,
                    "until": row.expires_at,
                    "used": row.used_at,
                }
                for row in rows
            ],
        )
    ]


def erase_member_data(member: Member) -> None:
    """Delete the links: none opens any more."""
    db.session.execute(sa.delete(PluginToken).where(PluginToken.member_id == member.id))

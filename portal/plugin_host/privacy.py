"""What the plugin host keeps of a member: links that plugins gave away, files they took in."""

from datetime import datetime

import sqlalchemy as sa

from portal.extensions import db
from portal.files.queries import bytes_of
from portal.files.service import destroy_bytes
from portal.i18n import lazy
from portal.members.models import Member
from portal.personal_data import Coverage, ExportFile, ExportPart, RetentionRule, rows_rule
from portal.plugin_host import filing
from portal.plugin_host.models import PluginFault, PluginToken

_ACTOR_WHY = "names only the account of the staff who acted"
TABLES = {
    "plugin_token": Coverage(),
    "plugin_state": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
    "plugin_setting": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
    "plugin_block": Coverage(exported=False, erased=False, why=_ACTOR_WHY),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return which links were made for the member, and the files that plugins have of them."""
    return [_links(member), _files(member)]


def _links(member: Member) -> ExportPart:
    rows = db.session.scalars(
        sa.select(PluginToken)
        .where(PluginToken.member_id == member.id)
        .order_by(PluginToken.created_at)
    )
    return ExportPart(
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


def _files(member: Member) -> ExportPart:
    files = filing.files_of_account(member.account_id)
    return ExportPart(
        "pictures",
        lazy("Pictures that you sent"),
        {"plugin": lazy("Plugin"), "name": lazy("Name"), "sent": lazy("Sent")},
        [
            {
                "plugin": file.owner_kind.partition(".")[0],
                "name": file.original_name,
                "sent": file.created_at,
            }
            for file in files
        ],
        files=(
            ExportFile("picture.jpg", content)
            for file in files
            if (content := bytes_of(file)) is not None
        ),
    )


def erase_member_data(member: Member) -> None:
    """Delete the links: none opens any more; and what is in the files, to which plugins' rows may
    refer."""
    db.session.execute(sa.delete(PluginToken).where(PluginToken.member_id == member.id))
    files = filing.files_of_account(member.account_id)
    destroy_bytes(files=files)
    for file in files:
        file.uploaded_by_id = None
    db.session.flush()


def retention_rules() -> list[RetentionRule]:
    """Return how long faults of plugins are kept after the last time, and links that are dead."""
    return [
        rows_rule(
            "plugin_faults", lazy("Faults of plugins that did not come back"), 180, 14,
            PluginFault, lambda before: PluginFault.last_at < before,
        ),
        rows_rule(
            "plugin_links", lazy("Links of plugins that open nothing any more"), 365, 30,
            PluginToken, _dead,
        ),
    ]  # fmt: skip


def _dead(before: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        # Nothing ends before it is made.
        PluginToken.created_at < before,
        sa.or_(
            PluginToken.expires_at < before,
            PluginToken.used_at < before,
            PluginToken.revoked_at < before,
        ),
    )

"""Where each plugin is on or blocked, how it is set, what went wrong in it, its links."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import (
    UtcDateTime,
    created_at,
    foreign_key,
    new_public_id,
    primary_key,
    unique_where,
)
from portal.extensions import db


class PluginState(db.Model):
    """Whether a plugin is on in a project; no row means off."""

    __tablename__ = "plugin_state"
    __table_args__ = (sa.UniqueConstraint("project_id", "plugin"),)

    id: Mapped[primary_key]
    plugin: Mapped[str] = mapped_column(sa.String(20))
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    enabled: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = foreign_key("account.id")


class PluginBlock(db.Model):
    """A plugin that is off everywhere, whatever its rows in plugin_state say."""

    __tablename__ = "plugin_block"

    plugin: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    blocked_by_id: Mapped[int | None] = foreign_key("account.id")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[created_at]


class PluginFault(db.Model):
    """What went wrong in one hook of one plugin in one project: the last time, and how often."""

    __tablename__ = "plugin_fault"
    __table_args__ = (
        # Core asks without a project for club-wide hooks: 0 then, so that the key is never null.
        sa.UniqueConstraint("plugin", "hook", "project_key"),
        sa.CheckConstraint("times > 0", name="times_positive"),
    )

    id: Mapped[primary_key]
    plugin: Mapped[str] = mapped_column(sa.String(20))
    hook: Mapped[str] = mapped_column(sa.String(80))
    project_key: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    reference: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(80))
    traceback: Mapped[str] = mapped_column(sa.Text)
    times: Mapped[int] = mapped_column(default=1)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PluginSetting(db.Model):
    """The value of one setting of a plugin, for a project or (without one) for the whole club.

    `version` is another one after each change, so that who saves says what they saw. Secrets are
    never kept here.
    """

    __tablename__ = "plugin_setting"
    __table_args__ = (
        # NULLs differ in a unique key: the club's values have an index of their own.
        sa.UniqueConstraint("project_id", "plugin", "key"),
        unique_where("uq_plugin_setting_club", "plugin", "key", where="project_id IS NULL"),
    )

    id: Mapped[primary_key]
    plugin: Mapped[str] = mapped_column(sa.String(20))
    key: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    value: Mapped[Any] = mapped_column(sa.JSON(none_as_null=True), nullable=False)
    version: Mapped[str] = mapped_column(sa.String(22), default=new_public_id)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = foreign_key("account.id")


class PluginToken(db.Model):
    """A link that a plugin gave away: its hash, what it is for, and until when it opens.

    `subject` is the plugin's own word for what the link is about.
    """

    __tablename__ = "plugin_token"
    __table_args__ = (
        sa.CheckConstraint("(project_id IS NULL) <> (member_id IS NULL)", name="of_one"),
        sa.CheckConstraint("single_use OR used_at IS NULL", name="used_once"),
        sa.Index("ix_plugin_token_plugin_subject", "plugin", "subject"),
        sa.Index("ix_plugin_token_created_at", "created_at"),
    )

    id: Mapped[primary_key]
    plugin: Mapped[str] = mapped_column(sa.String(20))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int | None] = foreign_key("project.id")
    member_id: Mapped[int | None] = foreign_key("member.id")
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    single_use: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]

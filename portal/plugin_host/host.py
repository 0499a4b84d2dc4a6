"""What is installed: plugins that were loaded, and those in quarantine with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pluggy
from babel.support import Translations
from flask import Blueprint

from portal.earning.sources import PointSource
from portal.jobs.registry import Job
from portal.messages.senders import SenderPoint
from portal.notifications.kinds import NotificationKind
from portal.outbox.registry import EventKind
from portal.permissions.roles import Permission
from portal.plugin_host.manifest import Manifest
from portal.plugin_host.setting_types import Setting
from portal.words import AuditWord


@dataclass(frozen=True)
class Plugin:
    """A plugin that works: its manifest, and what it registered at boot."""

    manifest: Manifest
    blueprints: tuple[Blueprint, ...] = ()
    permissions: tuple[Permission, ...] = ()
    catalogues: Mapping[str, Translations] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    events: tuple[EventKind, ...] = ()
    point_sources: tuple[PointSource, ...] = ()
    audit_words: tuple[AuditWord, ...] = ()
    settings: tuple[Setting, ...] = ()
    notifications: tuple[NotificationKind, ...] = ()
    senders: tuple[SenderPoint, ...] = ()
    manifest_values: Mapping[str, Any] = field(default_factory=dict)
    """The values of `[settings]` in plugin.toml, checked."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.manifest.name


@dataclass(frozen=True)
class Quarantined:
    """A plugin that could not be loaded, and the sentence that says why."""

    name: str
    package: str
    reason: str
    manifest: Manifest | None = None


@dataclass
class PluginHost:
    """Everything about the installed plugins that does not change while the process lives."""

    manager: pluggy.PluginManager
    loaded: dict[str, Plugin] = field(default_factory=dict)
    quarantined: dict[str, Quarantined] = field(default_factory=dict)
    plugin_of_blueprint: dict[str, str] = field(default_factory=dict)
    follow: Callable[..., Any] | None = None
    migrated: set[str] = field(default_factory=set)
    core_hooks: Mapping[str, list[Callable[..., object]]] = field(default_factory=dict)

    def plugin_of(self, blueprint: str | None) -> str | None:
        """Return the name of the plugin that a blueprint belongs to, None for core's.

        One within another (`notes.inner`) is the outer one's.
        """
        return self.plugin_of_blueprint.get((blueprint or "").partition(".")[0])

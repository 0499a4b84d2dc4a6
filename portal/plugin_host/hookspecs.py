"""The hooks: their names, their arguments, what they return, and when they run.

`register_*` run once at boot and return plain data. Plain nouns run during a request, `project`
first, and read only. `check_*` and `purge_*` run inside a transaction and fail closed. `on_*`
run after the commit, in a job.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pluggy
from flask import Blueprint

from portal.earning.sources import PointSource
from portal.jobs.registry import Job
from portal.messages.senders import SenderPoint
from portal.notifications.kinds import NotificationKind
from portal.outbox.registry import DomainEvent, EventKind
from portal.permissions.roles import Permission
from portal.personal_data import ExportPart
from portal.plugin_host.refs import Demo, FileRef, MemberRef, ProjectRef
from portal.plugin_host.setting_types import Setting
from portal.points.checks import PointsRequest
from portal.search.documents import Findable
from portal.slots import Card, Hit, MemberHome, MemberTab, NavItem, StaffWidget
from portal.words import AuditWord

GROUP = "portal"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def register_blueprints() -> list[Blueprint]:  # type: ignore[empty-body]
    """Return the plugin's blueprints; their routes keep to the address forms of the manifest."""


@hookspec
def register_permissions() -> list[Permission]:  # type: ignore[empty-body]
    """Return the plugin's permissions with the roles that hold them by default."""


@hookspec
def register_jobs() -> list[Job]:  # type: ignore[empty-body]
    """Return the kinds of background jobs that the plugin does."""


@hookspec
def register_events() -> list[EventKind]:  # type: ignore[empty-body]
    """Return the kinds of events that the plugin emits."""


@hookspec
def register_settings() -> list[Setting]:  # type: ignore[empty-body]
    """Return what the club, and perhaps each project, may set; the portal makes the pages."""


@hookspec
def register_notifications() -> list[NotificationKind]:  # type: ignore[empty-body]
    """Return what the plugin tells owners: the words, and how they are told."""


@hookspec
def register_senders() -> list[SenderPoint]:  # type: ignore[empty-body]
    """Return ways out of the portal, for mails, text messages or WeChat messages."""


@hookspec
def register_point_sources() -> list[PointSource]:  # type: ignore[empty-body]
    """Return the kinds of facts that the plugin records and that earning rules may act on."""


@hookspec
def register_audit_words() -> list[AuditWord]:  # type: ignore[empty-body]
    """Return the words for what the plugin records: its acts, and what they are about."""


@hookspec
def nav_items(project: ProjectRef | None) -> list[NavItem]:  # type: ignore[empty-body]
    """Return links for the staff's sidebar. No SQL."""


@hookspec
def member_home(project: ProjectRef) -> MemberHome:  # type: ignore[empty-body]
    """Return the to-dos and cards that the owner's home shows: one statement at most."""


@hookspec
def member_tabs(project: ProjectRef) -> list[MemberTab]:  # type: ignore[empty-body]
    """Return the plugin's places in the owner's navigation. No SQL."""


@hookspec
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:  # type: ignore[empty-body]
    """Return figures for the staff's desk, each leading to its queue."""


@hookspec
def member_profile_sections(project: ProjectRef, member: MemberRef) -> list[Card]:  # type: ignore[empty-body]
    """Return sections for the staff's page of a member."""


@hookspec
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:  # type: ignore[empty-body]
    """Return how what search found is shown now: one statement for all; leave out what is gone."""


@hookspec
def search_documents(project: ProjectRef) -> Iterator[Findable]:  # type: ignore[empty-body]
    """Yield everything of the plugin's in `project` that search finds, for a rebuilt index."""


@hookspec
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:  # type: ignore[empty-body]
    """Tell whether the reader may see a file of the plugin's; `member`: the reader, if a member."""


@hookspec
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:  # type: ignore[empty-body]
    """Return why `plugin` must not be switched on in `project`; an empty list lets it."""


@hookspec
def check_points_posting(project: ProjectRef, posting: PointsRequest) -> list[str]:  # type: ignore[empty-body]
    """Return why points must not be posted in `project` now; an empty list lets it."""


@hookspec
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything that the plugin keeps about `project`; it is off there. No commit."""


@hookspec
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill a project of the demo club, in which the plugin was just switched on. No commit."""


@hookspec
def export_member_data(member: MemberRef) -> list[ExportPart]:  # type: ignore[empty-body]
    """Return everything that the plugin keeps about `member`, in every project."""


@hookspec
def erase_member_data(member: MemberRef) -> None:
    """Delete what the plugin keeps about `member`, or take the person out of it. No commit."""


@hookspec
def check_member_removal(member: MemberRef) -> list[str]:  # type: ignore[empty-body]
    """Return why `member` must not be erased now; an empty list lets it."""


ABOUT_MEMBERS = frozenset({"export_member_data", "erase_member_data", "check_member_removal"})
"""Every installed plugin is asked these, wherever it is on."""


@hookspec
def on_domain_event(event: DomainEvent) -> None:
    """Act on what happened, of any kind, after its commit."""


@hookspec
def on_plugin_enabled(project: ProjectRef) -> None:
    """Act on having been switched on in `project`."""


@hookspec
def on_plugin_disabled(project: ProjectRef) -> None:
    """Act on having been switched off in `project`."""


@hookspec
def on_member_joined(projects: list[ProjectRef], member: MemberRef) -> None:
    """Act on a new member of the club; `projects`: theirs in which the plugin is on."""


@dataclass(frozen=True)
class Returned:
    """What a hook returns: one `kind` of thing, or a list of such things."""

    kind: type
    many: bool = True

    def check(self, hook: str, value: object) -> None:
        """Raise TypeError unless `value` is what the hook's specification says."""
        if self.many and not isinstance(value, list):
            raise TypeError(f"{hook} must return a list, not {type(value).__name__}")
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, self.kind):
                wanted = "None" if self.kind is type(None) else self.kind.__name__
                raise TypeError(f"{hook} must return {wanted}, not {type(one).__name__}")


RETURNS: dict[str, Returned] = {
    "register_blueprints": Returned(Blueprint),
    "register_permissions": Returned(Permission),
    "register_settings": Returned(Setting),
    "register_jobs": Returned(Job),
    "register_events": Returned(EventKind),
    "register_notifications": Returned(NotificationKind),
    "register_senders": Returned(SenderPoint),
    "register_point_sources": Returned(PointSource),
    "register_audit_words": Returned(AuditWord),
    "nav_items": Returned(NavItem),
    "member_home": Returned(MemberHome, many=False),
    "member_tabs": Returned(MemberTab),
    "staff_widgets": Returned(StaffWidget),
    "member_profile_sections": Returned(Card),
    "describe_hits": Returned(Hit),
    "search_documents": Returned(Iterator, many=False),
    "may_read_file": Returned(bool, many=False),
    "check_plugin_enable": Returned(str),
    "check_points_posting": Returned(str),
    "export_member_data": Returned(ExportPart),
    "erase_member_data": Returned(type(None), many=False),
    "check_member_removal": Returned(str),
    "purge_project_data": Returned(type(None), many=False),
    "demo_data": Returned(type(None), many=False),
    "on_domain_event": Returned(type(None), many=False),
    "on_plugin_enabled": Returned(type(None), many=False),
    "on_plugin_disabled": Returned(type(None), many=False),
    "on_member_joined": Returned(type(None), many=False),
}

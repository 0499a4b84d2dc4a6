"""What the plugin puts into the portal."""

from flask import Blueprint

from plugins.surveys import privacy, showing, words
from plugins.surveys.actions import api as action_api
from plugins.surveys.actions import staff_views as action_views
from plugins.surveys.anonymous import jobs as anonymous_jobs
from plugins.surveys.answering import finding, photos, views
from plugins.surveys.answering.api import api
from plugins.surveys.answering.listing import home_card
from plugins.surveys.answering.submitting import SOURCE
from plugins.surveys.blueprint import blueprint
from plugins.surveys.builder import staff_views as builder_views
from plugins.surveys.coding import staff_views as coding_views
from plugins.surveys.demo import fill
from plugins.surveys.exporting import staff_views as exporting_views
from plugins.surveys.inviting import notices, telling
from plugins.surveys.inviting import staff_views as inviting_views
from plugins.surveys.participants import staff_views as participant_views
from plugins.surveys.publishing import api as published_api
from plugins.surveys.publishing import staff_api as publication_api
from plugins.surveys.publishing import staff_views as publishing_views
from plugins.surveys.publishing import views as published_views
from plugins.surveys.quotas import staff_views as quota_views
from plugins.surveys.results import centre_views
from plugins.surveys.results import staff_views as result_views
from plugins.surveys.signals import staff_views as signal_views
from plugins.surveys.waves import clock
from plugins.surveys.waves import staff_views as wave_views
from plugins.surveys.waves.api import api as staff_api
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    ExportPart,
    FileRef,
    Job,
    MemberHome,
    MemberRef,
    MemberTab,
    NavItem,
    NotificationKind,
    Permission,
    PointSource,
    ProjectRef,
    RoleName,
    current_member,
    hookimpl,
    lazy,
    now,
)

__all__ = ["action_api", "publication_api", "published_api", "published_views", "views"]


def _context() -> dict[str, object]:
    return {"words": words, "showing": showing}


# The staff's views are of one blueprint: each module adds its own.
_VIEWS = (
    wave_views,
    builder_views,
    inviting_views,
    quota_views,
    exporting_views,
    result_views,
    coding_views,
    publishing_views,
    action_views,
    signal_views,
    participant_views,
)
STAFF_VIEWS = {each.staff for each in _VIEWS}
for _blueprint in (blueprint, centre_views.group, *STAFF_VIEWS):
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages of owners and of staff, and the JSON routes."""
    return [blueprint, *STAFF_VIEWS, centre_views.group, api, staff_api]


@hookimpl
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    """Return the page of the surveys that somebody is asked in."""
    return [MemberTab(lazy("Surveys"), "checklist", "surveys.index", tone="violet", order=70)]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    """Return the surveys that wait for the owner."""
    found = finding.waiting(project.id, current_member(), now())
    cards = (Card("surveys/home_card.html", home_card(project, found), 30),) if found else ()
    return MemberHome(cards=cards)


@hookimpl
def register_permissions() -> list[Permission]:
    """Return who writes surveys, who approves and opens them, who reads what."""
    head = {RoleName.MANAGER, RoleName.ADMINISTRATOR}
    readers = {RoleName.STAFF, RoleName.CENTRE, RoleName.LEADER, *head}
    return [
        Permission("surveys.build", lazy("Write surveys"), frozenset({RoleName.STAFF, *head})),
        Permission("surveys.release", lazy("Approve, open and close surveys"), frozenset(head)),
        Permission(
            "surveys.compare",
            lazy("Compare projects by their surveys"),
            frozenset({RoleName.CENTRE, RoleName.LEADER, RoleName.ADMINISTRATOR}),
        ),
        Permission("surveys.results", lazy("Read results of surveys"), frozenset(readers)),
        Permission(
            "surveys.raw", lazy("Read single answers of surveys"), frozenset({RoleName.AUDITOR})
        ),
        Permission(
            "surveys.code",
            lazy("Sort open answers of surveys"),
            frozenset({RoleName.STAFF, *head}),
        ),
    ]


@hookimpl
def register_jobs() -> list[Job]:
    """Return the clock of waves, invitations and reminders, the shuffling of anonymous answers."""
    return [*clock.all_jobs(), *telling.all_jobs(), *anonymous_jobs.all_jobs()]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what owners are told of surveys."""
    return notices.all_kinds()


@hookimpl
def register_point_sources() -> list[PointSource]:
    """Return what earning rules may act on."""
    about = lazy("The points of an answer are paid: at once, or once anonymous ones are shuffled.")
    return [PointSource(SOURCE, lazy("Survey answered"), about, icon="checklist", tone="violet")]


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of surveys."""
    return [AuditWord(f"surveys.{act}", title) for act, title in words.AUDIT.items()] + [
        AuditWord("surveys_wave", lazy("Survey"), page="surveys_staff.wave"),
        AuditWord("surveys_list", lazy("List of surveys")),
    ]


@hookimpl
def nav_items(project: ProjectRef | None) -> list[NavItem]:
    """Return the link of the staff's sidebar."""
    return [
        NavItem(
            lazy("Surveys"), "chart-bar", "surveys_staff.index", "surveys.results", "plugins"
        ),
        NavItem(
            lazy("Projects compared"), "chart-bar", "surveys_centre.compared", "surveys.compare",
            "plugins",
        ),
        NavItem(
            lazy("Answers of surveys"), "lock", "surveys_staff.sealed", "surveys.raw", "plugins"
        ),
    ]  # fmt: skip


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill the demo with last year's survey and this year's."""
    fill(project, demo)


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Return whether the reader sees a photo."""
    return photos.may_read(project, file, member)


@hookimpl
def export_member_data(member: MemberRef) -> list[ExportPart]:
    """Return what the member was asked and answered."""
    return privacy.export_of(member)


@hookimpl
def erase_member_data(member: MemberRef) -> None:
    """Delete what the member has not sent."""
    privacy.erase(member)


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything of a project."""
    privacy.purge(project)

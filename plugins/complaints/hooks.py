"""What the plugin puts into the portal."""

from collections.abc import Iterator

from flask import Blueprint

from plugins.complaints import (
    bursts_views,
    centre_views,
    deciding_views,
    declaring,
    figures_views,
    following_views,
    identity,
    moderation_views,
    pictures,
    privacy,
    queries,
    redacting_views,
    reporting_views,
    searching,
    setting_views,
    settings,
    showing,
    staff_views,
    telling,
    trail,
    views,
    words,
)
from plugins.complaints.api import group as group_api
from plugins.complaints.api import moderators as moderators_api
from plugins.complaints.api import owners as owners_api
from plugins.complaints.api import staff as staff_api
from plugins.complaints.demo import fill
from plugins.complaints.identity import Reader
from plugins.complaints.intake import views as intake_views
from plugins.complaints.jobs import all_jobs
from plugins.complaints.joining import views as joining_views
from plugins.complaints.routing import views as routing_views
from plugins.complaints.states import State
from plugins.complaints.subscribing import views as subscribing_views
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    EventKind,
    ExportPart,
    FileRef,
    Findable,
    Hit,
    Job,
    MemberHome,
    MemberRef,
    MemberTab,
    NavItem,
    NotificationKind,
    Permission,
    ProjectRef,
    Setting,
    StaffWidget,
    Todo,
    current_member,
    db,
    gettext,
    hookimpl,
    lazy,
    may,
    now,
    render_markdown,
)


def _context() -> dict[str, object]:
    return {
        "words": words,
        "showing": showing,
        "identity": identity,
        "render_markdown": render_markdown,
    }


# Importing the modules adds their pages to these two.
_PAGES = (
    views.blueprint,
    deciding_views.blueprint,
    reporting_views.blueprint,
    joining_views.blueprint,
    subscribing_views.blueprint,
    staff_views.staff,
    intake_views.staff,
    setting_views.staff,
    moderation_views.staff,
    redacting_views.staff,
    following_views.staff,
    routing_views.staff,
    centre_views.group,
    figures_views.group,
    bursts_views.group,
)
for _blueprint in set(_PAGES):
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages of owners and of staff, and what programs call."""
    pages = [views.blueprint, staff_views.staff, centre_views.group]
    return [*pages, owners_api.api, staff_api.api, moderators_api.api, group_api.api]


@hookimpl
def register_permissions() -> list[Permission]:
    """Return who sees, handles, takes over and sets up."""
    return declaring.permissions()


@hookimpl
def register_settings() -> list[Setting]:
    """Return the numbers of the clocks, the levels and the opening hours."""
    return declaring.all_settings()


@hookimpl
def register_jobs() -> list[Job]:
    """Return the timer and the recomputing of deadlines."""
    return all_jobs()


@hookimpl
def register_events() -> list[EventKind]:
    """Return what others may hear of."""
    return [
        EventKind("complaints.opened", "Subject: complaints_case. Data: category."),
        EventKind("complaints.proposed", "Subject: complaints_case. Data: round."),
        EventKind("complaints.escalated", "Subject: complaints_case. Data: level."),
        EventKind("complaints.closed", "Subject: complaints_case. Data: state."),
        EventKind("complaints.burst", "Subject: complaints_burst. Data: stage, category."),
    ]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what the owner who complained is told."""
    return telling.kinds()


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of complaints."""
    return trail.audit_words()


@hookimpl
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    """Return the forum's place in the owner's navigation."""
    return [MemberTab(lazy("Complaints"), "messages", "complaints.index", tone="rose", order=40)]


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill a project of the demo."""
    fill(project, demo)


@hookimpl
def nav_items(project: ProjectRef | None) -> list[NavItem]:
    """Return the link of the staff's sidebar."""
    title = lazy("Complaints")
    morning, figures = lazy("Morning page"), lazy("Complaint figures")
    return [
        NavItem(title, "messages", "complaints_staff.index", "complaints.view", "plugins"),
        NavItem(
            figures, "chart-bar", "complaints_staff.project_figures", "complaints.view", "plugins"
        ),
        NavItem(morning, "sunrise", "complaints_centre.morning", "complaints.watch", "plugins"),
    ]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    """Return what waits for the household's decision, and the way to the forum."""
    mine = queries.of_household(project.id, current_member().household_id)
    waiting = [case for case in mine if case.state in queries.WAITING]
    todos = tuple(
        Todo(
            (
                gettext("Is it solved? “%(title)s”", title=case.title)
                if case.state == State.PROPOSED
                else gettext("A question about “%(title)s”", title=case.title)
            ),
            gettext("please decide until %(day)s", day=showing.day(case.waits_until or now())),
            "messages",
            "gold",
            f"/p/{project.slug}/complaints/{case.public_id}",
        )
        for case in waiting
    )
    shown = {
        "url": f"/p/{project.slug}/complaints/",
        "rows": [
            {
                "title": case.title,
                "url": f"/p/{project.slug}/complaints/{case.public_id}",
                "state": words.STATES[case.state],
                "code": case.code,
            }
            for case in mine[:3]
        ],
    }
    return MemberHome(todos=todos, cards=(Card("complaints/home_card.html", shown, 60),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return how many complaints are in hand, and how many are late."""
    at = now()
    in_hand, late, _soon, _waiting = queries.figures(project.id, at, at)
    return [
        StaffWidget(
            lazy("Complaints in hand"),
            in_hand,
            gettext("%(number)s late", number=late) if late else lazy("none is late"),
            "complaints_staff.index",
            "complaints.view",
            hot=late > 0,
        )
    ]


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    """Return how found complaints are shown now."""
    return searching.describe(project, keys)


@hookimpl
def search_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return every complaint that may be found."""
    return searching.all_documents(project)


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Let whoever may see a complaint see its photos."""
    reader = Reader(member=member, staff=may("complaints.view"))
    return pictures.may_see(project, file, reader)


@hookimpl
def on_plugin_enabled(project: ProjectRef) -> None:
    """Give the project its first categories."""
    settings.first_categories(project)
    db.session.flush()


@hookimpl
def export_member_data(member: MemberRef) -> list[ExportPart]:
    """Return a member's complaints and replies."""
    return privacy.export_of(member)


@hookimpl
def erase_member_data(member: MemberRef) -> None:
    """Take a member's words out."""
    privacy.erase(member)


@hookimpl
def check_member_removal(member: MemberRef) -> list[str]:
    """Return what has to be settled first."""
    return privacy.objections(member)


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything of a project."""
    privacy.purge(project)

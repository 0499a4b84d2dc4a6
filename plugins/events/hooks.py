"""What the plugin puts into the portal."""

from collections.abc import Iterator

from flask import Blueprint

from plugins.events import privacy, queries, searching, showing, staff_views, views, words
from plugins.events.demo import fill
from plugins.events.jobs import all_jobs
from plugins.events.pages import home_card
from plugins.events.policy import standing
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    EventKind,
    ExportPart,
    FactField,
    FactFieldKind,
    Findable,
    Hit,
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
    Setting,
    SettingKind,
    StaffWidget,
    current_member,
    hookimpl,
    lazy,
    now,
)


def _context() -> dict[str, object]:
    return {"words": words, "showing": showing, "standing_of": standing}


for _blueprint in (views.blueprint, staff_views.staff):
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages of owners and of staff."""
    return [views.blueprint, staff_views.staff]


@hookimpl
def register_permissions() -> list[Permission]:
    """Return who may write activities and who may approve them."""
    every = frozenset({RoleName.STAFF, RoleName.MANAGER, RoleName.ADMINISTRATOR})
    return [
        Permission("events.manage", lazy("Write and run activities"), every),
        Permission(
            "events.review",
            lazy("Approve what others wrote"),
            frozenset({RoleName.MANAGER, RoleName.ADMINISTRATOR}),
        ),
    ]


@hookimpl
def register_settings() -> list[Setting]:
    """Return what a project may set."""
    return [
        Setting(
            "few_seats",
            lazy("Seats left that are told as few"),
            SettingKind.NUMBER,
            default=5,
            least=0,
            most=100,
        ),
    ]


@hookimpl
def register_jobs() -> list[Job]:
    """Return the jobs: the clock, and what is done with many registrations."""
    return all_jobs()


@hookimpl
def register_events() -> list[EventKind]:
    """Return what others may hear of."""
    return [
        EventKind("events.published", "Subject: events_occurrence."),
        EventKind("events.called_off", "Subject: events_occurrence."),
        EventKind("events.registered", "Subject: events_registration. Data: occurrence, seats."),
        EventKind("events.cancelled", "Subject: events_registration. Data: occurrence, state."),
    ]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what members are told."""
    title, starts = lazy("Sports day"), lazy("6 December, 09:30")
    return [
        NotificationKind(
            "events.confirmed",
            title=lazy("A registration is confirmed"),
            subject=lazy("You are registered for “{title}”"),
            body=lazy("It begins on {starts}. Your ticket is on the page of the activity."),
            sample={"title": title, "starts": starts},
            icon="ticket",
            tone="green",
        ),
        NotificationKind(
            "events.moved",
            title=lazy("An activity has another time or place"),
            subject=lazy("“{title}” has changed"),
            body=lazy("It begins on {starts} at {place}. You keep your seat, or cancel it."),
            sample={"title": title, "starts": starts, "place": lazy("Central lawn")},
            icon="calendar-event",
            tone="gold",
            urgent=True,
        ),
        NotificationKind(
            "events.postponed",
            title=lazy("An activity is postponed"),
            subject=lazy("“{title}” is postponed"),
            body=lazy("{reason} You keep your seat; we will tell you the new date."),
            sample={"title": title, "reason": lazy("Heavy rain is forecast.")},
            icon="clock",
            tone="gold",
            urgent=True,
        ),
        NotificationKind(
            "events.called_off",
            title=lazy("An activity is called off"),
            subject=lazy("“{title}” is called off"),
            body=lazy("{reason} Points and deposit have been returned to you in full."),
            sample={"title": title, "reason": lazy("Heavy rain is forecast.")},
            icon="calendar-x",
            tone="rose",
            required=True,
            urgent=True,
        ),
    ]


@hookimpl
def register_point_sources() -> list[PointSource]:
    """Return what earning rules may act on."""
    seats = FactField("seats", lazy("Persons"), FactFieldKind.NUMBER, least=1)
    return [
        PointSource(
            "events.attended",
            lazy("Activity attended"),
            lazy("Somebody registered, came, and the activity is settled."),
            (seats,),
            "calendar-event",
        )
    ]


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of activities."""
    return [
        *(AuditWord(f"events.{step}", title) for step, title in words.LOG.items()),
        AuditWord("events.marked", lazy("Attendance marked")),
        AuditWord("events.exported", lazy("Registrations taken as a file")),
        AuditWord("events_occurrence", lazy("Activity"), page="events_staff.show"),
        AuditWord("events_registration", lazy("Registration for an activity")),
    ]


@hookimpl
def nav_items(project: ProjectRef | None) -> list[NavItem]:
    """Return the link of the staff's sidebar."""
    return [
        NavItem(
            lazy("Activities"), "calendar-event", "events_staff.index", "events.manage", "plugins"
        )
    ]


@hookimpl
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    """Return the place in the owners' navigation."""
    return [MemberTab(lazy("Activities"), "calendar-event", "events.index", order=20)]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    """Return the next activities."""
    coming = home_card(project, queries.next_for_home(project.id, current_member().id), now())
    return MemberHome(cards=(Card("events/home_card.html", coming, 40),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return how many activities wait for a review."""
    waiting = queries.in_review(project.id)
    return [
        StaffWidget(
            lazy("Activities to review"),
            waiting,
            lazy("handed in by colleagues") if waiting else lazy("none waits"),
            "events_staff.index",
            "events.manage",
            hot=waiting > 0,
        )
    ]


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    """Return how found activities are shown now."""
    return searching.describe(project, keys)


@hookimpl
def search_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return every activity that members may find."""
    return searching.all_documents(project)


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill a project of the demo."""
    fill(project, demo)


@hookimpl
def export_member_data(member: MemberRef) -> list[ExportPart]:
    """Return a member's registrations."""
    return privacy.export_of(member)


@hookimpl
def erase_member_data(member: MemberRef) -> None:
    """Take a member's name out."""
    privacy.erase(member)


@hookimpl
def check_member_removal(member: MemberRef) -> list[str]:
    """Return what has to be settled first."""
    return privacy.objections(member)


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything of a project."""
    privacy.purge(project)

"""What the plugin puts into the portal."""

from collections.abc import Iterator

from flask import Blueprint

from plugins.events import (
    activities_api,
    calendar_views,
    condition_views,
    door_phone_views,
    door_views,
    lists,
    notices,
    on_behalf_views,
    preview_views,
    privacy,
    queue_views,
    searching,
    showing,
    staff_views,
    ticket_views,
    todo,
    views,
    words,
)
from plugins.events.after import queries as after
from plugins.events.after import season_views
from plugins.events.after import staff_views as after_staff
from plugins.events.after import views as after_views
from plugins.events.asking import approval_views, change_views, question_views
from plugins.events.ballot import staff_views as draw_staff_views
from plugins.events.ballot import views as draw_views
from plugins.events.covers import staff_views as cover_views
from plugins.events.covers.service import COVER, may_see
from plugins.events.demo import fill
from plugins.events.jobs import all_jobs
from plugins.events.ladder import api as ladder_api
from plugins.events.ladder import mark_views, policy_views
from plugins.events.ladder import views as ladder_views
from plugins.events.pages import home_card
from plugins.events.policy import standing
from plugins.events.series import staff_views as series_views
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    EventKind,
    ExportPart,
    FactField,
    FactFieldKind,
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
    PointSource,
    ProjectRef,
    RoleName,
    Setting,
    SettingKind,
    StaffWidget,
    current_member,
    hookimpl,
    lazy,
    may,
    now,
)


def _context() -> dict[str, object]:
    return {"words": words, "showing": showing, "standing_of": standing}


# Naming every module of pages here imports it, and with it its routes.
_STAFF = (
    staff_views,
    preview_views,
    condition_views,
    draw_staff_views,
    queue_views,
    door_views,
    door_phone_views,
    on_behalf_views,
    question_views,
    approval_views,
    after_staff,
    season_views,
    mark_views,
    policy_views,
    series_views,
    cover_views,
)
_OWNERS = (views, draw_views, ticket_views, calendar_views, ladder_views, change_views, after_views)
_PAGES = dict.fromkeys(
    [
        *(module.blueprint for module in _OWNERS),
        *(module.staff for module in _STAFF),
    ]
)
for _blueprint in _PAGES:
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages and the JSON routes of owners and of staff."""
    return [*_PAGES, ladder_api.api, activities_api.api]


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
        Setting(
            "offer_hours",
            lazy("Hours for which seats are held for who waited"),
            SettingKind.NUMBER,
            hint=lazy("Never more than half of the time that is left."),
            default=48,
            least=1,
            most=240,
        ),
        Setting(
            "no_overlap",
            lazy("Nobody has seats in two activities at the same time"),
            SettingKind.YES_NO,
            default=False,
        ),
        Setting(
            "remind_hours",
            lazy("Hours before the beginning at which members are reminded"),
            SettingKind.NUMBER,
            default=24,
            least=1,
            most=168,
        ),
        Setting(
            "remind_again_hours",
            lazy("Hours before the beginning at which they are reminded once more"),
            SettingKind.NUMBER,
            hint=lazy("0: not once more."),
            default=2,
            least=0,
            most=48,
        ),
        Setting(
            "thank_hours",
            lazy("Hours after the end at which who was there is thanked"),
            SettingKind.NUMBER,
            hint=lazy("0: nobody is."),
            default=3,
            least=0,
            most=167,
        ),
        Setting(
            "answers_days",
            lazy("Days after an activity for which answers and names of guests are kept"),
            SettingKind.NUMBER,
            default=90,
            least=1,
            most=730,
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
        EventKind("events.offered", "Subject: events_registration. Data: occurrence, seats."),
        EventKind("events.changed", "Subject: events_registration. Data: occurrence, seats."),
        EventKind("events.cancelled", "Subject: events_registration. Data: occurrence, state."),
    ]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what members are told."""
    return notices.all_kinds()


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
        AuditWord("events.checked_in", lazy("Came in at the door")),
        AuditWord("events.check_in_undone", lazy("Coming in taken back")),
        AuditWord("events.door_pin_set", lazy("PIN of the door set")),
        AuditWord("events.door_list_taken", lazy("List of the door taken to a phone")),
        AuditWord("events.scans_merged", lazy("Scans of a phone brought in")),
        AuditWord("events.registered_for", lazy("Registered by the staff for a member")),
        AuditWord("events.moved_to_front", lazy("A party moved to the front of the waiting list")),
        AuditWord("events.request_approve", lazy("Request for a place approved")),
        AuditWord("events.request_reject", lazy("Request for a place rejected")),
        AuditWord("events.request_queue", lazy("Request for a place put on the waiting list")),
        AuditWord("events.exported", lazy("Registrations taken as a file")),
        AuditWord("events.policy_written", lazy("Rules for not coming written")),
        AuditWord("events.policy_published", lazy("Rules for not coming published")),
        AuditWord("events.pause_added", lazy("Days set on which marks do not run down")),
        AuditWord("events.pause_removed", lazy("Days taken out on which marks did not run down")),
        AuditWord("events.penalty_excused", lazy("A mark for not coming excused")),
        AuditWord("events.appeal_granted", lazy("An appeal against a mark granted")),
        AuditWord("events.appeal_refused", lazy("An appeal against a mark refused")),
        AuditWord("events.marks_exported", lazy("Marks for not coming taken as a file")),
        AuditWord("events.figures_exported", lazy("Figures of activities taken as a file")),
        AuditWord("events.care_set", lazy("Reminders and survey of an activity set")),
        AuditWord("events.photos_added", lazy("Photos of an activity added")),
        AuditWord("events.photo_removed", lazy("A photo of an activity deleted")),
        AuditWord("events_ladder_policy", lazy("Rules for not coming"), page="events_staff.policy"),
        AuditWord(
            "events_ladder_penalty", lazy("Mark for not coming"), page="events_staff.show_mark"
        ),
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
    coming = home_card(project, lists.next_for_home(project.id, current_member().id), now())
    return MemberHome(cards=(Card("events/home_card.html", coming, 40),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return what waits for the staff."""
    return todo.widgets(project)


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    """Return how found activities are shown now."""
    return searching.describe(project, keys)


@hookimpl
def search_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return every activity that members may find."""
    return searching.all_documents(project)


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Let whoever may see an activity see its cover, and residents and who was there the photos of
    one that is over."""
    if file.kind == COVER:
        return may_see(project, file, member)
    return after.may_read(project, file, member, staff=may("events.manage"))


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

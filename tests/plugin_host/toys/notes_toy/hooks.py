"""What the toy puts into the portal."""

from collections.abc import Iterator

from flask import Blueprint

from notes_toy.views import api, blueprint
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    FactField,
    FactFieldKind,
    FileRef,
    Findable,
    Hit,
    MemberHome,
    MemberRef,
    MemberTab,
    Message,
    NavItem,
    NotificationKind,
    Permission,
    PointSource,
    ProjectRef,
    RoleName,
    SenderPoint,
    StaffWidget,
    Todo,
    hookimpl,
    may,
    record,
)

SENT: list[Message] = []
FINDABLE: list[object] = []
"""What the toy tells for a rebuilt index."""


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint, api]


@hookimpl
def register_permissions() -> list[Permission]:
    return [Permission("notes.manage", "Manage notes", frozenset({RoleName.STAFF}))]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    return [
        NotificationKind(
            "notes.written", "A note", "A note from {name}", "Read it.", {"name": "Lin"}
        )
    ]


@hookimpl
def register_senders() -> list[SenderPoint]:
    return [SenderPoint("sms", SENT.append)]


@hookimpl
def register_point_sources() -> list[PointSource]:
    pages = FactField("pages", "Pages", FactFieldKind.NUMBER)
    return [PointSource("notes.written", "A note written", "Somebody writes a note.", (pages,))]


@hookimpl
def register_audit_words() -> list[AuditWord]:
    return [
        AuditWord("notes.signed", "Signed a note"),
        AuditWord("notes_note", "Note on the wall", page="notes.desk_note"),
    ]


@hookimpl
def nav_items() -> list[NavItem]:
    return [NavItem("Notes", "puzzle", "notes.desk", "notes.manage", section="plugins")]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    todo = Todo("A note to read", "", "puzzle", "gold", f"/p/{project.slug}/notes/")
    return MemberHome((todo,), (Card("notes/card.html", f"notes of {project.slug}"),))


@hookimpl
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    return [MemberTab("Wall of notes", "puzzle", "notes.wall", order=20)]


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    return [StaffWidget("Notes", 7, "waiting", "notes.desk", "notes.manage")]


@hookimpl
def member_profile_sections(project: ProjectRef, member: MemberRef) -> list[Card]:
    return [Card("notes/card.html", f"notes by {member.name}")]


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    url = f"/p/{project.slug}/notes/"
    return [Hit(key, f"note {key} told", "now", "puzzle", url) for key in keys if key != "gone"]


@hookimpl
def search_documents(project: ProjectRef) -> Iterator[Findable]:
    for each in FINDABLE:
        if isinstance(each, Exception):
            raise each
        yield each  # type: ignore[misc]


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    if file.key == "broken":
        raise RuntimeError("notes on purpose")
    if file.key == "wrong":
        return "yes"  # type: ignore[return-value]
    if file.kind == "notes.poster":
        return True
    own = member is not None and file.account_id == member.account_id
    return own or may("notes.manage")


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    record(
        actor=demo.staff["staff"],
        action="notes.signed",
        subject=("notes_note", str(demo.rng.randrange(1_000_000))),
        project_id=project.id,
        facts={
            "owner": demo.members["owner"].name,
            "residents": [member.name for member in demo.residents][:3],
            "at": demo.moment(3, 9).isoformat(),
        },
    )


@hookimpl
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:
    return ["the wall is painted"] if plugin == "hostile" and project.slug == "painted" else []

"""What the plugin puts into the portal."""

from flask import Blueprint

from plugins.surveys import privacy, words
from plugins.surveys.answering import finding, views
from plugins.surveys.answering.listing import home_card
from plugins.surveys.blueprint import blueprint, staff
from plugins.surveys.waves import clock
from portal.sdk import (
    AuditWord,
    Card,
    ExportPart,
    Job,
    MemberHome,
    MemberRef,
    MemberTab,
    Permission,
    ProjectRef,
    RoleName,
    current_member,
    hookimpl,
    lazy,
    now,
)

__all__ = ["views"]


def _context() -> dict[str, object]:
    return {"words": words}


for _blueprint in (blueprint, staff):
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages of owners and of staff."""
    return [blueprint, staff]


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
    """Return the clock of waves."""
    return clock.all_jobs()


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of surveys."""
    return [AuditWord(f"surveys.{act}", title) for act, title in words.AUDIT.items()] + [
        AuditWord("surveys_wave", lazy("Survey")),
    ]


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

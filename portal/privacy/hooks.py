"""What privacy adds to shared pages."""

from flask import url_for

from portal.i18n import lazy
from portal.members.current import find_current_member
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.permissions.current import current_rights
from portal.privacy import words
from portal.privacy.notices import KINDS
from portal.privacy.queries import open_erasure
from portal.projects.models import Project
from portal.slots import Card, MeLink, NavItem

MANAGE = "privacy.manage"
__all__ = ["me_links", "member_profile_sections", "nav_items", "notification_kinds", "words"]


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the link to the requests."""
    title = lazy("Data requests")
    return [NavItem(title, "shield-check", "privacy.staff_list", MANAGE, "centre", 68)]


def notification_kinds() -> list[NotificationKind]:
    """Return what members are told about their requests."""
    return KINDS


def me_links() -> list[MeLink]:
    """Return the link to what one may ask about one's data."""
    if find_current_member() is None:
        return []
    return [
        MeLink(
            title=lazy("My data"),
            hint=lazy("A copy of everything, erasure"),
            icon="shield-check",
            tone="green",
            url=url_for("privacy.show"),
            order=305,
        )
    ]


def member_profile_sections(project: Project, member: Member) -> list[Card]:
    """Return how the member's erasure stands, or the way to ask for it."""
    if not current_rights().allows(MANAGE, project.id):
        return []
    standing = open_erasure(member.id)
    centre = current_rights().allows(MANAGE, None)
    return [Card("privacy/_staff_member.html", (member, standing, centre), 200)]

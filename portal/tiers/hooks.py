"""What tiers add to shared pages."""

from flask import url_for

from portal.i18n import lazy
from portal.members.current import find_current_member
from portal.notifications.kinds import NotificationKind
from portal.slots import MeLink, NavItem
from portal.tiers.telling import KINDS


def nav_items(project: object | None) -> list[NavItem]:
    """Return the link to the schemes of tiers."""
    title = lazy("Membership tiers")
    return [NavItem(title, "crown", "tiers.schemes", "tiers.edit", "centre", 41)]


def me_links() -> list[MeLink]:
    """Return the link to the member's tier."""
    if find_current_member() is None:
        return []
    title, hint = lazy("My tier"), lazy("What it gives you, what keeps it, and the nearest way up")
    return [MeLink(title, hint, "crown", "gold", url_for("tiers.mine"), 14)]


def notification_kinds() -> list[NotificationKind]:
    """Return what owners are told of their tier."""
    return KINDS

"""What points add to shared pages."""

from flask import url_for

from portal.i18n import lazy
from portal.members.current import find_current_member
from portal.notifications.kinds import NotificationKind
from portal.points.notices import KINDS
from portal.slots import MeLink


def me_links() -> list[MeLink]:
    """Return the link to the member's points."""
    if find_current_member() is None:
        return []
    title, hint = lazy("My points"), lazy("Balance, what expires, and the reason of every line")
    return [MeLink(title, hint, "coins", "gold", url_for("points.mine"), 15)]


def notification_kinds() -> list[NotificationKind]:
    """Return what owners are told of their points."""
    return KINDS

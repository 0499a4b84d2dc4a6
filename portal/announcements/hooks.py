"""What announcements add to shared pages."""

from portal.announcements.service import KIND
from portal.i18n import lazy
from portal.notifications.kinds import NotificationKind
from portal.slots import NavItem

SEND = "announcements.send"


def nav_items(project: object | None) -> list[NavItem]:
    """Return the link to the announcements of the project or of the club."""
    title = lazy("Announcements")
    if project is None:
        endpoint, section = "announcements.centre_index", "centre"
    else:
        endpoint, section = "announcements.index", "members"
    return [NavItem(title, "speakerphone", endpoint, SEND, section, 75)]


def notification_kinds() -> list[NotificationKind]:
    """Return the kind by which announcements are told."""
    return [
        NotificationKind(
            KIND,
            title=lazy("News from the club"),
            subject=lazy("News from the club"),
            body=lazy("Open the message to read it."),
            sample={},
            icon="speakerphone",
            tone="blue",
        )
    ]

"""What webhooks add to shared pages."""

from portal.i18n import lazy
from portal.notifications.kinds import NotificationKind
from portal.slots import NavItem
from portal.webhooks.outcomes import NOTICE


def nav_items(project: object | None) -> list[NavItem]:
    """Return the link to the webhooks."""
    return [NavItem(lazy("Webhooks"), "share", "webhooks.index", "webhooks.manage", "centre", 69)]


def notification_kinds() -> list[NotificationKind]:
    """Return the kind that tells of a webhook that was paused."""
    return [
        NotificationKind(
            NOTICE,
            title=lazy("A webhook was paused"),
            subject=lazy("The webhook “{name}” is paused"),
            body=lazy(
                "Nothing reached “{name}” for three days. It hears nothing until it is resumed."
            ),
            sample={"name": lazy("Customer system")},
            icon="share",
            tone="rose",
            staff_only=True,
        )
    ]

"""What tiers add to shared pages."""

from portal.notifications.kinds import NotificationKind
from portal.tiers.telling import KINDS


def notification_kinds() -> list[NotificationKind]:
    """Return what owners are told of their tier."""
    return KINDS

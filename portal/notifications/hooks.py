"""What notifications add to shared pages."""

from flask import url_for

from portal.i18n import lazy
from portal.slots import MeLink, NavItem


def nav_items(project: object | None) -> list[NavItem]:
    """Return the link to the club's own words."""
    return [
        NavItem(
            lazy("Notifications"), "bell", "notifications.kinds", "notifications.manage",
            section="centre", order=70,
        )
    ]  # fmt: skip


def me_links() -> list[MeLink]:
    """Return the rows of the "me" page that lead to the inbox and its settings."""
    return [
        MeLink(
            title=lazy("Messages"),
            hint=lazy("What the club has told you"),
            icon="bell",
            tone="rose",
            url=url_for("notifications.inbox"),
            order=5,
        ),
        MeLink(
            title=lazy("How we reach you"),
            hint=lazy("E-mail, text message, quiet hours"),
            icon="mail",
            tone="green",
            url=url_for("notifications.choices"),
            order=305,
        ),
    ]

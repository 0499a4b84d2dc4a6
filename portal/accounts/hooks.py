"""What accounts puts into shared pages: the ways to security and display on the "me" page."""

from flask import url_for

from portal.i18n import lazy
from portal.slots import MeLink


def me_links() -> list[MeLink]:
    """Return the rows of the "me" page that lead to one's own sign-in and display."""
    return [
        MeLink(
            title=lazy("Sign-in and security"),
            hint=lazy("Password, phone, e-mail, devices"),
            icon="shield-lock",
            tone="blue",
            url=url_for("accounts.security"),
            order=300,
        ),
        MeLink(
            title=lazy("Language and type"),
            hint=lazy("Language of the pages, large type"),
            icon="text-size",
            tone="violet",
            url=url_for("accounts.settings_display"),
            order=310,
        ),
    ]

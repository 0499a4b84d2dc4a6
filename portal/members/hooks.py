"""What the members' feature adds to shared pages."""

from flask import url_for

from portal.accounts.models import Account
from portal.i18n import lazy
from portal.members.current import find_current_member
from portal.members.joining import consents_missing
from portal.slots import MeLink


def me_links() -> list[MeLink]:
    """Return the links to profile and household, or to joining for an account that is no member."""
    if find_current_member() is None:
        return [
            MeLink(
                lazy("Become a member"),
                lazy("With your name and your consent"),
                "id",
                "gold",
                url_for("members.join"),
                10,
            )
        ]
    return [
        MeLink(
            lazy("Profile"),
            lazy("Name, salutation, who has seen your number"),
            "user",
            "blue",
            url_for("members.profile"),
            10,
        ),
        MeLink(
            lazy("Household"),
            lazy("Family members, with and without an account"),
            "users",
            "gold",
            url_for("members.household"),
            30,
        ),
    ]


def sign_in_steps(account: Account) -> list[str]:
    """Ask a member for consent first when a text in force is not accepted yet."""
    asked = find_current_member() is not None and consents_missing(account)
    return ["members.consent"] if asked else []

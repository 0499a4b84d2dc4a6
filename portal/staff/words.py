"""The words for what the audit trail records."""

from portal.i18n import Text, lazy

ACTION_TITLES: dict[str, Text] = {
    "account.consented": lazy("Accepted terms or privacy notice"),
    "member.joined": lazy("Joined the club"),
    "member.corrected": lazy("Changed name or salutation"),
    "member.moved": lazy("Moved to another household"),
    "member.phone_shown": lazy("Showed the full phone number"),
    "member.project_added": lazy("Added to a project"),
    "members.searched": lazy("Searched members by phone"),
    "members.exported": lazy("Exported a list of members"),
    "person.added": lazy("Added a person to the household"),
    "person.changed": lazy("Changed a person of the household"),
    "person.removed": lazy("Removed a person from the household"),
    "role.granted": lazy("Gave a role"),
    "role.revoked": lazy("Took a role"),
    "role.changed": lazy("Changed what a role may do"),
    "audit.exported": lazy("Exported the audit trail"),
}


def action_title(action: str) -> Text:
    """Return the words for an audit action; an unknown one is shown as its code."""
    return ACTION_TITLES.get(action, action)

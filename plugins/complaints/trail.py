"""The words of what staff did, for the audit trail."""

from collections.abc import Mapping

from portal.sdk import AuditWord, lazy

_ACTS: Mapping[str, object] = {
    "take_down": lazy("Took a complaint down for a member"),
    "reply": lazy("Answered a complaint"),
    "ask": lazy("Asked the owner about a complaint"),
    "propose": lazy("Proposed a solution for a complaint"),
    "note": lazy("Noted something about a complaint"),
    "assign": lazy("Took charge of a complaint"),
    "take_over": lazy("Took a complaint over to the group"),
    "overrule": lazy("Closed a complaint against the owner"),
    "unseal": lazy("Looked up who complained"),
    "promise": lazy("Promised something for a complaint"),
    "keep": lazy("Kept a promise of a complaint"),
    "move": lazy("Moved a complaint to another category"),
    "classify": lazy("Named the defect behind a complaint"),
    "extend": lazy("Extended the deadline of a complaint"),
    "plan": lazy("Wrote a plan for a burst of complaints"),
    "stand_down": lazy("Stood a burst of complaints down"),
    "exported": lazy("Exported figures of complaints"),
    "transfer": lazy("Handed a complaint to a colleague"),
    "hand_over": lazy("Handed all complaints of a colleague over"),
    "stand_in": lazy("Said who stands in for complaints"),
    "stand_in_ended": lazy("Ended a stand-in for complaints"),
    "merge": lazy("Joined two complaints"),
    "unmerge": lazy("Took a joined complaint apart"),
    "look": lazy("Put words of a complaint before the moderators"),
    "look_kept": lazy("Left words of a complaint as they are"),
    "look_release": lazy("Released held words of a complaint"),
    "look_hide": lazy("Hid words of a complaint"),
    "redact": lazy("Covered part of a photo of a complaint"),
    "look_stays": lazy("Left a complaint joined that its owner wants apart"),
    "look_mask": lazy("Masked personal numbers in a complaint"),
    "lock": lazy("Closed a thread for neighbours"),
    "unlock": lazy("Opened a thread for neighbours again"),
    "warn": lazy("Warned a member in the forum"),
    "mute": lazy("Muted a member in the forum"),
    "suspend": lazy("Suspended a member from the forum"),
    "lift": lazy("Ended a sanction early"),
    "appeal_upheld": lazy("Upheld a moderator's act"),
    "appeal_overturned": lazy("Undid a moderator's act on appeal"),
    "category": lazy("Changed a category of complaints"),
    "day": lazy("Changed the working calendar"),
    "day_dropped": lazy("Took a day out of the working calendar"),
    "canned": lazy("Wrote a text for answers"),
    "canned_dropped": lazy("Took a text for answers away"),
}
"""Act -> what the audit trail says."""


def audit_words() -> list[AuditWord]:
    """Return the words of every act and of what it is done to."""
    return [
        *(AuditWord(f"complaints.{act}", title) for act, title in _ACTS.items()),
        AuditWord("complaints_case", lazy("Complaint"), page="complaints_staff.show"),
        AuditWord("complaints_act", lazy("Act of a moderator")),
        AuditWord("complaints_promise", lazy("Promise")),
        AuditWord("complaints_category", lazy("Category of complaints")),
        AuditWord("complaints_day", lazy("Special day of the working calendar")),
        AuditWord("complaints_burst", lazy("Burst of complaints")),
        AuditWord("complaints_board", lazy("Scoreboard of complaints")),
        AuditWord("complaints_canned", lazy("Text for answers")),
        AuditWord("complaints_stand_in", lazy("Stand-in for complaints")),
    ]

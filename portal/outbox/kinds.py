"""The kinds of events that core emits; docs/plugins/README.md tells plugins about each (tested)."""

CORE_KINDS: dict[str, str] = {
    "member.joined": "Somebody became a member.",
    "member.changed": "Name, salutation or birth month of a member changed.",
    "member.moved": "A member belongs to another household now.",
    "claim.made": "A member claimed a home.",
    "claim.decided": "A claim was approved, refused, or sent back for more proof.",
    "ownership.started": "A member lives in a home now: verified, invited, or entered by staff.",
    "ownership.role_changed": "A member is something else to a home now.",
    "ownership.ended": "A member lives in a home no more.",
    "contract.signed": "A verified buyer's purchase contract is signed.",
    "contract.paid": "A verified buyer's payments reached a percent of the price.",
    "contract.handed_over": "A home was handed over to its verified buyer.",
    "contract.cancelled": "A verified buyer's purchase contract was cancelled.",
    "contract.corrected": "Staff corrected a verified buyer's contract: it is told anew.",
    "fee.paid": "The owner of a home paid a fee for it.",
    "facts.changed": "A fact about a member that tiers count came or went without points.",
    "points.posted": "Points of an account were posted: earned, used, held, given or taken back.",
    "points.expired": "Points reached their last day and were booked, of one account or of many.",
    "tier.changed": "A member's tier is another one now; a first rating is not told.",
    "plugin.enabled": "A plugin was switched on in a project.",
    "plugin.disabled": "A plugin was switched off in a project.",
}

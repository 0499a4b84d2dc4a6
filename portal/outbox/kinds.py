"""The kinds of events that core emits; docs/plugins/README.md tells plugins about each (tested)."""

CORE_KINDS: dict[str, str] = {
    "member.joined": "Somebody became a member. Subject: member, public id.",
    "member.changed": "A member's profile changed. Subject: member, public id.",
    "claim.made": "A member claimed a home. Subject: claim, public id.",
    "claim.decided": "A claim was approved, refused, or sent back. Subject: claim, public id.",
    "ownership.started": "A member lives in a home. Subject: ownership.",
    "ownership.ended": "A member lives in a home no more. Subject: ownership.",
    "plugin.enabled": "A plugin was switched on in a project. Subject: plugin, name.",
    "plugin.disabled": "A plugin was switched off in a project. Subject: plugin, name.",
}

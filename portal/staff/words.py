"""The words for what the audit trail records."""

from portal.i18n import Text, lazy
from portal.words import TITLES, audit_word, plugin_acts

ACTION_TITLES: dict[str, Text] = {
    "account.consented": lazy("Accepted terms or privacy notice"),
    "account.email_changed": lazy("Changed the e-mail address"),
    "account.password_changed": lazy("Changed the password"),
    "account.password_reset_by_operator": lazy("Had the password reset by the operator"),
    "account.phone_changed": lazy("Changed the phone number"),
    "account.recovery_code_used": lazy("Signed in with a recovery code"),
    "account.second_factor_off": lazy("Switched the second step off"),
    "account.second_factor_on": lazy("Switched the second step on"),
    "audit.exported": lazy("Exported the audit trail"),
    "claim.approved": lazy("Approved a claim"),
    "claim.disputed": lazy("A claim met another owner"),
    "claim.needs_more": lazy("Asked for more proof"),
    "claim.pending": lazy("Added proof to a claim"),
    "claim.refused": lazy("Refused a claim"),
    "claim.submitted": lazy("Claimed a home"),
    "claim.withdrawn": lazy("Withdrew a claim"),
    "club.changed": lazy("Changed the club's settings"),
    "club.legal_text_published": lazy("Published a legal text"),
    "club.logo_changed": lazy("Changed the logo"),
    "contracts.cancelled": lazy("Cancelled an import of contracts or fees"),
    "contracts.corrected": lazy("Corrected a contract by hand"),
    "contracts.exported": lazy("Exported a list of contracts"),
    "contracts.fees_exported": lazy("Exported a list of fees"),
    "contracts.imported": lazy("Imported contracts or fees"),
    "contracts.payments_exported": lazy("Exported a list of payments"),
    "contracts.recorded": lazy("Sent contracts, payments or fees by program"),
    "contracts.refused_exported": lazy("Exported the refused rows of contracts or fees"),
    "contracts.resumed": lazy("Resumed an import of contracts or fees"),
    "contracts.started": lazy("Started an import of contracts or fees"),
    "contracts.undone": lazy("Undid an import of contracts or fees"),
    "contracts.uploaded": lazy("Uploaded contracts or fees"),
    "homes.exported": lazy("Exported a list of homes"),
    "invitation.accepted": lazy("Accepted an invitation"),
    "invitation.sent": lazy("Invited somebody into a home"),
    "invitation.withdrawn": lazy("Withdrew an invitation"),
    "job.cancelled": lazy("Gave a background job up"),
    "job.kind_retried": lazy("Had failed background jobs tried again"),
    "jobs.exported": lazy("Exported a list of background jobs"),
    "job.retried": lazy("Had a background job tried again"),
    "member.corrected": lazy("Changed name or salutation"),
    "member.joined": lazy("Joined the club"),
    "member.moved": lazy("Moved to another household"),
    "member.phone_shown": lazy("Showed the full phone number"),
    "member.project_added": lazy("Added to a project"),
    "members.exported": lazy("Exported a list of members"),
    "members.searched": lazy("Searched members by phone"),
    "ownership.added": lazy("Verified a home"),
    "ownership.ended": lazy("Ended an ownership"),
    "ownership.role_changed": lazy("Changed a role in a home"),
    "person.added": lazy("Added a person to the household"),
    "person.changed": lazy("Changed a person of the household"),
    "person.removed": lazy("Removed a person from the household"),
    "member.erased": lazy("Was erased at the end of the waiting period"),
    "privacy.erasure_cancelled": lazy("Cancelled an erasure"),
    "privacy.erasure_confirmed": lazy("Confirmed an erasure as second person"),
    "privacy.erasure_requested": lazy("Asked for an erasure"),
    "privacy.export_cancelled": lazy("Cancelled a copy of the data"),
    "privacy.export_requested": lazy("Asked for a copy of the data"),
    "privacy.export_taken": lazy("Took a copy of the data"),
    "privacy.list_exported": lazy("Exported the data requests"),
    "privacy.retention": lazy("Deleted what was older than is kept"),
    "privacy.terms_changed": lazy("Changed what is kept how long"),
    "project.changed": lazy("Edited a project"),
    "project.created": lazy("Made a project"),
    "role.changed": lazy("Changed what a role may do"),
    "plugin.blocked": lazy("Blocked a plugin everywhere"),
    "plugin.disabled": lazy("Switched a plugin off"),
    "announcement.written": lazy("Wrote an announcement"),
    "announcement.sent": lazy("Sent an announcement"),
    "announcement.stopped": lazy("Stopped an announcement"),
    "notification.reworded": lazy("Changed the words of a notification"),
    "plugin.enabled": lazy("Switched a plugin on"),
    "plugin.purged": lazy("Deleted a plugin's data of a project"),
    "plugin.removed": lazy("Removed a plugin with its tables"),
    "plugin.settings_changed": lazy("Changed a plugin's settings"),
    "plugin.unblocked": lazy("Lifted the block of a plugin"),
    "earning.backtest_asked": lazy("Let a draft of the earning rules be reckoned on past facts"),
    "earning.draft_discarded": lazy("Threw a draft of the earning rules away"),
    "earning.draft_started": lazy("Began a draft of the earning rules"),
    "earning.fact_recorded": lazy("Recorded by hand what a member did"),
    "earning.fact_told": lazy("Told by a program what a member did"),
    "earning.published": lazy("Published earning rules"),
    "earning.rule_retired": lazy("Took an earning rule out of the draft"),
    "earning.rule_saved": lazy("Wrote an earning rule"),
    "points.awarded": lazy("Gave points by hand"),
    "points.deducted": lazy("Took points away by hand"),
    "points.month_sealed": lazy("Sealed a month of points"),
    "points.posted": lazy("Posted points from another system"),
    "points.proposal_refused": lazy("Refused an adjustment of points"),
    "points.proposed": lazy("Proposed an adjustment of points"),
    "points.rules_planned": lazy("Changed the rules of points"),
    "points.reversed": lazy("Took a line of points back"),
    "tiers.draft_discarded": lazy("Threw a draft of tiers away"),
    "tiers.draft_saved": lazy("Saved a draft of tiers"),
    "tiers.draft_started": lazy("Began a draft of tiers"),
    "tiers.moves_exported": lazy("Exported who would move under a draft of tiers"),
    "tiers.override_approved": lazy("Agreed to a tier given by hand"),
    "tiers.override_ended": lazy("Ended a tier given by hand"),
    "tiers.override_proposed": lazy("Proposed a tier by hand"),
    "tiers.override_refused": lazy("Refused a tier by hand"),
    "tiers.proposed": lazy("Proposed rules of tiers"),
    "tiers.published": lazy("Published rules of tiers"),
    "tiers.scheme_created": lazy("Made a scheme of tiers"),
    "role.granted": lazy("Gave a role"),
    "role.revoked": lazy("Took a role"),
    "roster.cancelled": lazy("Cancelled a roster import"),
    "roster.imported": lazy("Imported a roster"),
    "roster.phone_changed": lazy("Changed a phone on the roster"),
    "roster.refused_exported": lazy("Exported the refused rows of a roster"),
    "roster.resumed": lazy("Resumed a roster import"),
    "roster.row_taken": lazy("Decided for another row of a roster"),
    "roster.started": lazy("Started a roster import"),
    "roster.undone": lazy("Undid a roster import"),
    "roster.uploaded": lazy("Uploaded a roster"),
    "token.issued": lazy("Issued an API token"),
    "token.revoked": lazy("Revoked an API token"),
    "unit.added": lazy("Added a home to the register"),
    "webhook.changed": lazy("Changed a webhook"),
    "webhook.deleted": lazy("Deleted a webhook"),
    "webhook.exported": lazy("Exported what a webhook was told"),
    "webhook.paused": lazy("Paused a webhook"),
    "webhook.registered": lazy("Registered a webhook"),
    "webhook.resumed": lazy("Resumed a webhook"),
    "webhook.secret_rotated": lazy("Gave a webhook a new secret"),
    "webhook.sent_again": lazy("Had a webhook told once more"),
    "webhook.tested": lazy("Sent a webhook a test"),
}


TITLES["audit_action"] = ACTION_TITLES


def action_title(action: str) -> Text:
    """Return the words for an audit action; an unknown one is shown as its code."""
    found = ACTION_TITLES.get(action)
    if found is not None:
        return found
    word = audit_word(action, action)
    return word.title if word else action


def all_acts() -> dict[str, Text]:
    """Return every act that the audit trail knows, of plugins too, with its words."""
    return {**ACTION_TITLES, **plugin_acts()}


SUBJECT_TITLES: dict[str, Text] = {
    "account": lazy("Account"),
    "claim": lazy("Claim"),
    "club": lazy("The whole club"),
    "contract": lazy("The contract"),
    "earning_book": lazy("Earning rules"),
    "invitation": lazy("Invitation"),
    "job": lazy("Background job"),
    "job_kind": lazy("Kind of background job"),
    "legal_text": lazy("Legal text"),
    "member": lazy("Member"),
    "ownership": lazy("Home and owner"),
    "points_currency": lazy("Currency of points"),
    "points_month": lazy("Month of points"),
    "tier_scheme": lazy("Membership tiers"),
    "person": lazy("Family member"),
    "project": lazy("Project"),
    "announcement": lazy("Announcement"),
    "notification": lazy("Notification"),
    "plugin": lazy("Plugin"),
    "role": lazy("Role"),
    "roster_entry": lazy("Roster row"),
    "roster_import": lazy("Roster import"),
    "token": lazy("API token"),
    "unit": lazy("A single home"),
    "webhook": lazy("Webhook"),
}


TITLES["audit_subject"] = SUBJECT_TITLES


def subject_title(kind: str, action: str = "") -> Text:
    """Return the word for a kind of thing that an audit entry is about; `action`: its act."""
    word = audit_word(action, kind)
    return word.title if word else SUBJECT_TITLES.get(kind, kind)

"""What the plugin puts into the portal."""

from flask import Blueprint

from plugins.referrals import (
    api,
    board_views,
    dispute_views,
    figures_views,
    friend_views,
    import_views,
    objection_views,
    pages,
    payout_views,
    privacy,
    queries,
    reward_views,
    rules_views,
    sale_views,
    showing,
    staff_views,
    stages,
    tax_views,
    views,
    words,
)
from plugins.referrals.corrections import staff_views as correction_views
from plugins.referrals.corrections.audit import correction_words
from plugins.referrals.demo import fill
from plugins.referrals.desk_api import paying, rule_book, verifying
from plugins.referrals.evidence import service as evidence
from plugins.referrals.jobs import all_jobs
from plugins.referrals.measures import words as measured
from plugins.referrals.rewarding import all_sources
from plugins.referrals.share_widget import share_widgets
from plugins.referrals.telling import all_notifications
from plugins.referrals.trials import staff_views as trial_views
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    EventKind,
    ExportPart,
    FileRef,
    Job,
    MemberHome,
    MemberRef,
    NavItem,
    NotificationKind,
    Permission,
    PointSource,
    ProjectRef,
    RoleName,
    Setting,
    SettingKind,
    StaffWidget,
    current_member,
    hookimpl,
    lazy,
    now,
)


def _context() -> dict[str, object]:
    return {
        "words": words, "showing": showing, "measured": measured, "reasons": stages.REASONS,
    }  # fmt: skip


_STAFF = (
    staff_views,
    sale_views,
    rules_views,
    import_views,
    reward_views,
    payout_views,
    figures_views,
    dispute_views,
    tax_views,
    correction_views,
    trial_views,
)
# The staff's views are of one blueprint: each module adds its own.
STAFF_VIEWS = {each.staff for each in _STAFF}
OWNER_VIEWS = {each.blueprint for each in (views, objection_views, board_views)}
for _blueprint in (*OWNER_VIEWS, friend_views.friends, *STAFF_VIEWS):
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages of owners, of friends and of staff, and the JSON of programs."""
    apis = (each.api for each in (api, verifying, rule_book, paying))
    return [*apis, *OWNER_VIEWS, friend_views.friends, *STAFF_VIEWS]


@hookimpl
def register_permissions() -> list[Permission]:
    """Return who verifies, who enters the sale, who makes exceptions, who writes the rules."""
    head = {RoleName.MANAGER, RoleName.ADMINISTRATOR}
    return [
        Permission(
            "referrals.verify",
            lazy("Verify leads on site"),
            frozenset({RoleName.VERIFIER, RoleName.STAFF, RoleName.ADVISER, *head}),
        ),
        Permission(
            "referrals.sales",
            lazy("Enter the stages of the sale"),
            frozenset({RoleName.STAFF, RoleName.ADVISER, *head}),
        ),
        Permission("referrals.override", lazy("Make exceptions for leads"), frozenset(head)),
        Permission("referrals.rules", lazy("Write the rules of referrals"), frozenset(head)),
        Permission(
            "referrals.judge",
            lazy("Decide disputes about leads"),
            frozenset({RoleName.CENTRE, *head}),
        ),
        Permission(
            "referrals.pay",
            lazy("Approve and pay rewards of referrals"),
            frozenset({RoleName.FINANCE, *head}),
            proof=True,
        ),
    ]


@hookimpl
def register_settings() -> list[Setting]:
    """Return from which share on referrals are on the mark."""
    hint = lazy("Referred contracts of all contracts, in percent. 0 for no alert.")
    return [
        Setting(
            "least_share", lazy("Alert below this share of referrals"), SettingKind.NUMBER,
            hint=hint, default=0, least=0, most=100,
        ),
        Setting(
            "appeal_days", lazy("Days to appeal against a decision"), SettingKind.NUMBER,
            default=7, least=1, most=60,
        ),
        Setting(
            "countries", lazy("Countries whose numbers may be referred"), most=60,
            hint=lazy("Country codes with commas, like 86, 852, 853. Empty: every country."),
        ),
    ]  # fmt: skip


@hookimpl
def register_jobs() -> list[Job]:
    """Return the clock."""
    return all_jobs()


@hookimpl
def register_events() -> list[EventKind]:
    """Return what others may hear of."""
    return [
        EventKind(
            "referrals.lead_reported", "Subject: referrals_lead. Data: state, rules_version."
        ),
        EventKind("referrals.stage_reached", "Subject: referrals_lead. Data: state, on."),
        EventKind("referrals.lead_ended", "Subject: referrals_lead. Data: state."),
        EventKind("referrals.reward_posted", "Subject: referrals_reward. Data: kind, amount."),
    ]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what owners are told."""
    return all_notifications()


@hookimpl
def register_point_sources() -> list[PointSource]:
    """Return the stages that earning rules may act on."""
    return all_sources()


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of leads."""
    return [
        *(AuditWord(f"referrals.{step}", title) for step, title in words.STEPS.items()),
        AuditWord("referrals.exported", lazy("Leads taken as a file")),
        AuditWord("referrals.stages_imported", lazy("Stages of leads imported")),
        AuditWord("referrals.rules_written", lazy("Rules of referrals written")),
        *correction_words(),
        AuditWord("referrals.draft_tried", lazy("Draft of referral rules tried")),
        AuditWord("referrals_trial", lazy("Draft of referral rules"), page="referrals_staff.trial"),
        AuditWord("referrals.reward_approved", lazy("Reward of a referral approved")),
        AuditWord("referrals.reward_held", lazy("Reward of a referral held")),
        AuditWord("referrals.reward_released", lazy("Held reward of a referral released")),
        AuditWord("referrals.budget_written", lazy("Budget of referrals written")),
        AuditWord("referrals.payout_proposed", lazy("Payout of referrals proposed")),
        AuditWord("referrals.payout_approved", lazy("Payout of referrals approved")),
        AuditWord("referrals.payout_paid", lazy("Payout of referrals paid")),
        AuditWord("referrals.payout_dropped", lazy("Payout of referrals dropped")),
        AuditWord("referrals.tax_written", lazy("Tax on rewards written")),
        AuditWord("referrals.payout_exported", lazy("Payout of referrals taken as a file")),
        AuditWord("referrals_reward", lazy("Reward of a referral")),
        AuditWord("referrals_budget", lazy("Budget of referrals")),
        AuditWord("referrals_batch", lazy("Payout of referrals"), page="referrals_staff.payout"),
        AuditWord("referrals.known_entered", lazy("Known customers entered")),
        AuditWord("referrals_dispute", lazy("Dispute"), page="referrals_staff.dispute"),
        AuditWord("referrals_lead", lazy("Lead"), page="referrals_staff.show"),
        AuditWord("referrals_campaign", lazy("Rules of referrals"), page="referrals_staff.version"),
    ]


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill the demo with rules, friends at every stage and known customers."""
    fill(project, demo)


@hookimpl
def nav_items(project: ProjectRef | None) -> list[NavItem]:
    """Return the links of the staff's sidebar."""
    return [
        NavItem(
            lazy("Leads"), "user-check", "referrals_staff.index", "referrals.verify", "plugins"
        ),
        NavItem(
            lazy("Referral disputes"), "scale", "referrals_staff.disputes", "referrals.judge",
            "plugins",
        ),
        NavItem(
            lazy("Referral rules"), "heart-handshake", "referrals_staff.versions",
            "referrals.rules", "plugins",
        ),
        NavItem(
            lazy("Referral figures"), "chart-bar", "referrals_staff.figures", "referrals.rules",
            "plugins",
        ),
        NavItem(
            lazy("Referral rewards"), "gift", "referrals_staff.rewards", "referrals.pay", "plugins"
        ),
    ]  # fmt: skip


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    """Return how the member's referrals stand."""
    return MemberHome(
        cards=(Card("referrals/home_card.html", pages.home_card(project, current_member()), 60),)
    )


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return how many leads wait for an answer, and how many of them too long."""
    counts = queries.counts(project.id)
    waiting, late = counts["waiting"] + counts["manager"], counts["manager"]
    due = queries.oldest_waiting(project.id)
    hint: object = lazy("no lead waits")
    if late:
        hint = lazy("some are with the manager")
    elif due:
        hint = showing.left(due, now())
    return [
        StaffWidget(
            lazy("Leads to answer"), waiting, hint, "referrals_staff.index", "referrals.verify",
            hot=late > 0,
        ),
        StaffWidget(
            lazy("Referral disputes"), counts["disputes"], lazy("wait for a decision"),
            "referrals_staff.disputes", "referrals.judge", hot=counts["disputes"] > 0,
        ),
        *share_widgets(project),
    ]  # fmt: skip


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Let whoever is in the room of a dispute see its pictures."""
    return evidence.may_see(project, file, member)


@hookimpl
def export_member_data(member: MemberRef) -> list[ExportPart]:
    """Return a member's referrals."""
    return privacy.export_of(member)


@hookimpl
def erase_member_data(member: MemberRef) -> None:
    """Close a member's codes."""
    privacy.erase(member)


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything of a project."""
    privacy.purge(project)

"""What the plugin puts into the portal."""

from collections.abc import Iterator

from flask import Blueprint

from plugins.rewards import (
    api,
    centre_views,
    club_views,
    desk_views,
    figures_views,
    order_views,
    privacy,
    queries,
    searching,
    showing,
    staff_views,
    telling,
    views,
    words,
)
from plugins.rewards.benefits import api as benefit_api
from plugins.rewards.benefits import staff_views as benefit_staff
from plugins.rewards.benefits import views as benefit_views
from plugins.rewards.card import api as card_api
from plugins.rewards.card import partner_views as card_partner
from plugins.rewards.card import staff_views as card_staff
from plugins.rewards.card import views as card_views
from plugins.rewards.care import figures_views as care_figures
from plugins.rewards.care import manage_views as care_manage
from plugins.rewards.care import queries as care_queries
from plugins.rewards.care import staff_views as care_staff
from plugins.rewards.care import views as care_views
from plugins.rewards.care import words as care_words
from plugins.rewards.care.acting import PROOF
from plugins.rewards.demo import fill
from plugins.rewards.fees import api as fee_api
from plugins.rewards.fees import staff_views as fee_staff
from plugins.rewards.jobs import all_jobs
from plugins.rewards.pages import PICTURES, home_card
from plugins.rewards.partners import api as directory_api
from plugins.rewards.partners import staff_views as directory_staff
from plugins.rewards.partners import views as directory_views
from plugins.rewards.settings import all_settings
from plugins.rewards.settlement import api as settlement_api
from plugins.rewards.settlement import staff_views as settlement_staff
from plugins.rewards.vouchers import api as voucher_api
from plugins.rewards.vouchers import partner_views
from plugins.rewards.vouchers import staff_views as voucher_staff
from plugins.rewards.vouchers import views as voucher_views
from portal.sdk import (
    AuditWord,
    Card,
    Demo,
    EventKind,
    ExportPart,
    FileRef,
    Findable,
    Hit,
    Job,
    MemberHome,
    MemberRef,
    MemberTab,
    NavItem,
    NotificationKind,
    Permission,
    ProjectRef,
    RoleName,
    Setting,
    StaffWidget,
    business_date,
    current_account,
    current_member,
    hookimpl,
    lazy,
    may,
)


def _context() -> dict[str, object]:
    return {"words": words, "showing": showing, "care": care_words}


_OWNERS = (
    views, order_views, voucher_views, card_views, directory_views, benefit_views, care_views,
)  # fmt: skip
_STAFF = (
    staff_views, desk_views, figures_views, voucher_staff, fee_staff, care_staff, care_manage,
    care_figures, benefit_staff, card_staff, directory_staff, settlement_staff,
)  # fmt: skip
_APIS = (api, fee_api, benefit_api, voucher_api, card_api, directory_api, settlement_api)
# Naming every module of pages here imports it, and with it its routes.
_PAGES = dict.fromkeys(
    [
        *(module.blueprint for module in _OWNERS),
        *(module.staff for module in _STAFF),
        *(module.group for module in (centre_views, club_views)),
        *(module.partner for module in (partner_views, card_partner)),
    ]
)
for _blueprint in _PAGES:
    _blueprint.context_processor(_context)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    """Return the pages and the JSON routes of owners and of staff."""
    return [*_PAGES, *(module.api for module in _APIS)]


@hookimpl
def register_permissions() -> list[Permission]:
    """Return who writes the catalogue and who serves at the desk."""
    head = {RoleName.MANAGER, RoleName.ADMINISTRATOR}
    return [
        Permission(
            "rewards.manage", lazy("Write the catalogue of rewards"),
            frozenset({RoleName.STAFF, *head}),
        ),
        Permission(
            "rewards.compare", lazy("Read the whole club's figures of rewards"),
            frozenset({RoleName.CENTRE, RoleName.LEADER, RoleName.ADMINISTRATOR}),
        ),
        Permission(
            "rewards.club", lazy("Write what the whole club offers for points"),
            frozenset({RoleName.CENTRE, RoleName.ADMINISTRATOR}),
        ),
        Permission(
            "rewards.fees", lazy("Answer fee credits for the property company"),
            frozenset({RoleName.STAFF, *head}),
        ),
        Permission(
            "rewards.care", lazy("Look after members: calls, visits, gifts"),
            frozenset({RoleName.STAFF, RoleName.CONCIERGE, RoleName.CENTRE, *head}),
        ),
        Permission(
            "rewards.care_manage", lazy("Say what tiers promise in care, and its budget"),
            frozenset(head),
        ),
        Permission(
            "rewards.settle", lazy("Approve and pay settlements of rewards"),
            frozenset(head), proof=True,
        ),
        Permission(
            "rewards.serve", lazy("Prepare orders and hand them out"),
            frozenset({RoleName.STAFF, RoleName.CONCIERGE, RoleName.CENTRE, *head}),
        ),
    ]  # fmt: skip


@hookimpl
def register_settings() -> list[Setting]:
    """Return what a project may set."""
    return all_settings()


@hookimpl
def register_jobs() -> list[Job]:
    """Return the clock."""
    return all_jobs()


@hookimpl
def register_events() -> list[EventKind]:
    """Return what others may hear of."""
    return [
        EventKind("rewards.placed", "Subject: rewards_order. Data: item, quantity."),
        EventKind("rewards.handed_out", "Subject: rewards_order. Data: item, quantity, points."),
        EventKind("rewards.ended", "Subject: rewards_order. Data: item, state."),
    ]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    """Return what members are told."""
    return telling.all_kinds()


@hookimpl
def register_audit_words() -> list[AuditWord]:
    """Return the words of what the trail says of rewards."""
    return [
        *(AuditWord(f"rewards.{act}", title) for act, title in words.AUDIT.items()),
        AuditWord("rewards_list", lazy("List of rewards")),
        AuditWord("rewards_item", lazy("Item of the catalogue"), page="rewards_staff.show"),
        AuditWord("rewards_care_task", lazy("Care for a member"), page="rewards_staff.care_task"),
        AuditWord("rewards_care_rule", lazy("Promise of care"), page="rewards_staff.care_rule"),
        AuditWord("rewards_benefit_use", lazy("Use of a benefit")),
        AuditWord("rewards_partner", lazy("Partner"), page="rewards_staff.partner"),
        AuditWord(
            "rewards_statement", lazy("Statement of a month"), page="rewards_staff.statement"
        ),
        AuditWord("rewards_voucher", lazy("Voucher of a member")),
        AuditWord("rewards_order", lazy("Order for points"), page="rewards_staff.show_order"),
    ]


@hookimpl
def nav_items(project: ProjectRef | None) -> list[NavItem]:
    """Return the links of the staff's sidebar."""
    return [
        NavItem(
            lazy("Reward orders"), "receipt", "rewards_staff.orders", "rewards.serve", "plugins"
        ),
        NavItem(
            lazy("Care for members"),
            "heart-handshake",
            "rewards_staff.care",
            "rewards.care",
            "plugins",
        ),
        NavItem(
            lazy("Reward catalogue"), "gift", "rewards_staff.index", "rewards.manage", "plugins"
        ),
        NavItem(
            lazy("Rewards of the club"),
            "chart-bar",
            "rewards_centre.club_figures",
            "rewards.compare",
            "plugins",
        ),
        NavItem(
            lazy("The club's catalogue"), "gift", "rewards_centre.index", "rewards.club", "plugins"
        ),
        NavItem(
            lazy("Benefits of tiers"),
            "award",
            "rewards_staff.benefit_uses",
            "rewards.serve",
            "plugins",
        ),
        NavItem(
            lazy("Partners"),
            "heart-handshake",
            "rewards_staff.partners",
            "rewards.manage",
            "plugins",
        ),
    ]


@hookimpl
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    """Return the place in the owners' navigation."""
    return [
        MemberTab(lazy("Points rewards"), "gift", "rewards.index", tone="gold", order=50),
        MemberTab(lazy("Member code"), "qrcode", "rewards.card", tone="brand", order=80),
    ]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    """Return what is under way."""
    orders = queries.under_way(project.id, current_member().id)
    return MemberHome(cards=(Card("rewards/home_card.html", home_card(project, orders), 70),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return how many orders wait for the staff."""
    waiting = queries.to_prepare(project.id)
    today, reader = business_date(project.time_zone), current_account().id
    tasks = care_queries.counts(project.id, today, reader)
    return [
        StaffWidget(
            lazy("Orders to prepare"),
            waiting,
            lazy("for points, confirmed by their owners"),
            "rewards_staff.orders",
            "rewards.serve",
            hot=waiting > 0,
        ),
        StaffWidget(
            lazy("Care to do today"),
            tasks["due"] + tasks["overdue"],
            lazy("due today, or overdue"),
            "rewards_staff.care",
            "rewards.care",
            hot=tasks["overdue"] > 0,
        ),
    ]


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    """Return how found items are shown now."""
    return searching.describe(project, keys)


@hookimpl
def search_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return every item that members may find."""
    return searching.all_documents(project)


@hookimpl
def may_read_file(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Let whoever may see an item see its pictures, and who does care its proofs."""
    if file.kind == PROOF:
        return may("rewards.care")
    return file.kind == PICTURES and queries.may_see_picture(project, file.key, member)


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    """Fill a project of the demo."""
    fill(project, demo)


@hookimpl
def export_member_data(member: MemberRef) -> list[ExportPart]:
    """Return a member's orders."""
    return privacy.export_of(member)


@hookimpl
def erase_member_data(member: MemberRef) -> None:
    """Take a member's words out."""
    privacy.erase(member)


@hookimpl
def check_member_removal(member: MemberRef) -> list[str]:
    """Return what has to be settled first."""
    return privacy.objections(member)


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    """Delete everything of a project."""
    privacy.purge(project)

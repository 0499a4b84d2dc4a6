"""What contracts add to shared pages."""

from dataclasses import dataclass

from portal.contracts import queries
from portal.contracts.lists import KINDS
from portal.contracts.models import Contract, Fee, Payment
from portal.i18n import lazy
from portal.members.models import Member
from portal.permissions.current import may
from portal.projects.models import Ownership, Project, Unit
from portal.projects.queries import OWNING_ROLES
from portal.roster.queries import standing
from portal.slots import Card, NavItem, StaffWidget


@dataclass(frozen=True)
class HomeMoney:
    """A home's contracts with their payments, and its latest fees."""

    contracts: tuple[tuple[Contract, tuple[Payment, ...]], ...]
    fees: tuple[Fee, ...]


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links of contracts and their imports in a project's sidebar."""
    if project is None:
        return []
    return [
        NavItem(
            lazy("Contracts"),
            "file-spreadsheet",
            "contracts.staff_list",
            "contracts.view",
            order=40,
        ),
        NavItem(
            lazy("Management fees"), "receipt", "contracts.staff_fees", "contracts.view", order=41
        ),
        NavItem(
            lazy("Import of contracts"),
            "table-import",
            "contract_imports.staff_list",
            "contracts.import",
            order=42,
        ),
    ]


def staff_widgets(project: Project) -> list[StaffWidget]:
    """Return the imports that stopped in the middle, when there are any."""
    if not may("contracts.import"):
        return []
    found = standing(project.id, [kind.key for kind in KINDS])
    if not found.stopped:
        return []
    return [
        StaffWidget(
            lazy("Imports of contracts"),
            found.stopped,
            lazy("stopped in the middle"),
            "contract_imports.staff_list",
            "contracts.import",
            hot=True,
        )
    ]


def unit_sections(project: Project, unit: Unit) -> list[Card]:
    """Return the contracts of a home for staff."""
    if not may("contracts.view"):
        return []
    contracts = queries.contracts_of_home(unit.id)
    return [Card("contracts/_unit.html", contracts, order=30)] if contracts else []


def my_home_sections(member: Member, place: Ownership) -> list[Card]:
    """Return the household's contracts and fees of a home; a tenant sees none."""
    if place.role not in OWNING_ROLES:
        return []
    contracts = queries.own_contracts(place.unit_id, member.household_id)
    fees = queries.latest_fees(place.unit_id, member.household_id)
    if not contracts and not fees:
        return []
    money = HomeMoney(
        contracts=tuple((each, tuple(payments)) for each, payments in contracts.items()),
        fees=tuple(fees),
    )
    return [Card("contracts/_my_home.html", money, order=30)]

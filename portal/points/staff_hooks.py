"""What points add to the staff's pages: the queue, the books, the rules."""

from portal.accounts.current import current_account
from portal.i18n import lazy
from portal.notifications.kinds import NotificationKind
from portal.permissions.current import current_rights
from portal.points import proving, waiting
from portal.projects.models import Project
from portal.slots import NavItem, StaffWidget

APPROVE = "points.approve"


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links to what waits for a second person, to the books and to the rules."""
    items = [
        NavItem(
            lazy("Books of points"),
            "receipt",
            "points.finance_statement",
            "points.finance",
            "centre",
            40,
        ),
        NavItem(
            lazy("Rules of points"),
            "adjustments",
            "points.rules_index",
            "points.rules",
            "centre",
            41,
        ),
    ]
    if project is None or not current_rights().allows("points.view", project.id):
        return items
    title = lazy("Adjustments of points")
    return [NavItem(title, "coins", "points.staff_proposals", "points.view", order=30), *items]


def staff_widgets(project: Project) -> list[StaffWidget]:
    """Return how many adjustments wait for the reader's decision."""
    if not current_rights().allows(APPROVE, project.id):
        return []
    hint = lazy("Proposed by colleagues")
    title = lazy("Adjustments to decide")
    waits = waiting.waiting_for(project.id, current_account().id)
    return [StaffWidget(title, waits, hint, "points.staff_proposals", APPROVE)]


def notification_kinds() -> list[NotificationKind]:
    """Return what administrators are told of the ledger."""
    return proving.KINDS

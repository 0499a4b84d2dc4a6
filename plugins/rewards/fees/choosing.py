"""What the page of an order offers for a fee credit."""

from collections.abc import Sequence
from dataclasses import dataclass

from plugins.rewards.fees.booking import months_from, terms_of
from plugins.rewards.models import Order
from plugins.rewards.states import Kind
from portal.sdk import HomeRef, business_date, current_member, current_project, homes_of


@dataclass(frozen=True)
class FeeChoice:
    """The homes and months to choose from; `worth`: fen of the whole order."""

    homes: Sequence[HomeRef]
    months: Sequence[str]
    worth: int


def fee_choice(order: Order) -> FeeChoice | None:
    """Return what the reader can choose for an order; None: it is no credit with a worth."""
    terms = terms_of(order.item_id) if order.item.kind == Kind.FEE else None
    if terms is None:
        return None
    project = current_project()
    return FeeChoice(
        homes_of(current_member(), project),
        months_from(business_date(project.time_zone)),
        terms.worth * order.quantity,
    )

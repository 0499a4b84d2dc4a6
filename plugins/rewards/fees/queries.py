"""What is read of fee credits."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from plugins.rewards.models import FeeCredit, Order
from plugins.rewards.states import State
from portal.sdk import Page, db, page_of

_MOST = 20_000


def open_credits(project_id: int, month: str = "") -> sa.Select[Any]:
    """Return the statement of credits that wait for an answer, of a month or of all."""
    mine = (
        sa.select(FeeCredit)
        .join(Order, Order.id == FeeCredit.order_id)
        .options(contains_eager(FeeCredit.order))
        .where(FeeCredit.project_id == project_id, Order.state == State.PLACED)
    )
    return mine.where(FeeCredit.month == month) if month else mine


def page_of_open(project_id: int, month: str = "") -> Page[Any]:
    """Return a page of the open credits, the oldest first."""
    return page_of(open_credits(project_id, month), Order.created_at, Order.id)


def all_open(project_id: int, month: str = "") -> list[FeeCredit]:
    """Return every open credit: 20,000 at most."""
    found = open_credits(project_id, month).order_by(Order.created_at, Order.id).limit(_MOST)
    return list(db.session.scalars(found))


def months(project_id: int) -> list[str]:
    """Return the months that open credits are for, the first first: 100 at most."""
    mine = (
        sa.select(FeeCredit.month)
        .join(Order, Order.id == FeeCredit.order_id)
        .where(FeeCredit.project_id == project_id, Order.state == State.PLACED)
    )
    return list(db.session.scalars(mine.distinct().order_by(FeeCredit.month).limit(100)))

"""What is read of vouchers."""

from typing import Any

import sqlalchemy as sa

from plugins.rewards.models import Item
from plugins.rewards.vouchers.models import Voucher, VoucherTerms
from portal.sdk import db


def terms_of(item: Item) -> VoucherTerms | None:
    """Return what vouchers of an item are worth."""
    return db.session.get(VoucherTerms, item.id)


def figures_of(item: Item) -> dict[str, int]:
    """Return how many codes are free, given out, used up, and what is left on those given out."""
    given = Voucher.order_id.is_not(None)
    counted: dict[str, Any] = {
        "free": sa.func.sum(sa.case((~given, 1), else_=0)),
        "given": sa.func.sum(sa.case((given, 1), else_=0)),
        "used_up": sa.func.sum(sa.case((sa.and_(given, Voucher.left_over == 0), 1), else_=0)),
        "left": sa.func.sum(
            sa.case((sa.and_(given, Voucher.voided_at.is_(None)), Voucher.left_over), else_=0)
        ),
    }
    row = db.session.execute(
        sa.select(*(column.label(name) for name, column in counted.items())).where(
            Voucher.item_id == item.id
        )
    ).one()
    return {name: int(row._mapping[name] or 0) for name in counted}

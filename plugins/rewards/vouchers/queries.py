"""What is read of vouchers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.rewards.models import Item, Order
from plugins.rewards.vouchers.models import Voucher, VoucherTerms, VoucherUse
from portal.sdk import MemberRef, Page, ProjectRef, db, page_of


def terms_of(item: Item) -> VoucherTerms | None:
    """Return what vouchers of an item are worth."""
    return db.session.get(VoucherTerms, item.id)


def page_of_own(project: ProjectRef, member: MemberRef) -> Page[Any]:
    """Return a page of a member's vouchers here with their items, those valid longest first."""
    return page_of(_own(project, member), Voucher.valid_until, Voucher.id, descending=True)


def own_voucher(project: ProjectRef, member: MemberRef, public_id: str) -> Voucher | None:
    """Return a member's own voucher with its item and its order."""
    mine = _own(project, member).options(joinedload(Voucher.order))
    return db.session.scalar(mine.where(Voucher.public_id == public_id))


def of_order(order: Order) -> list[Voucher]:
    """Return the vouchers of an order: 99 at most."""
    mine = sa.select(Voucher).where(Voucher.order_id == order.id).order_by(Voucher.id)
    return list(db.session.scalars(mine.limit(99)))


def uses_of(voucher: Voucher) -> list[VoucherUse]:
    """Return what was taken off a voucher, the newest first: 50 at most."""
    mine = sa.select(VoucherUse).where(VoucherUse.voucher_id == voucher.id)
    newest = mine.order_by(VoucherUse.created_at.desc(), VoucherUse.id.desc())
    return list(db.session.scalars(newest.limit(50)))


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


def _own(project: ProjectRef, member: MemberRef) -> sa.Select[tuple[Voucher]]:
    mine = sa.select(Voucher).options(joinedload(Voucher.item))
    return mine.where(Voucher.member_id == member.id, Voucher.project_id == project.id)

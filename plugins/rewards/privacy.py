"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.rewards.care.privacy import DECLINED, TASKS, care_of, declined, forget
from plugins.rewards.models import (
    BenefitCount,
    BenefitRule,
    BenefitUse,
    CareBudget,
    CareDecline,
    CareRule,
    CareStep,
    CareTask,
    CareTerms,
    Favourite,
    FeeCredit,
    FeeTerms,
    Item,
    ItemPartner,
    Movement,
    OpenWindow,
    Order,
    Partner,
    PartnerOffer,
    PurgePermit,
    Rate,
    Statement,
    StatementLine,
    Step,
    TierPrice,
    Used,
    Voucher,
    VoucherTerms,
    VoucherUse,
    WrongCode,
)
from plugins.rewards.ordering import end
from plugins.rewards.states import LIVE, State
from plugins.rewards.stocking import lock_item
from portal.sdk import (
    ExportPart,
    MemberRef,
    ProjectRef,
    db,
    gettext,
    housemates,
    lazy,
    localized,
    now,
)

_COLUMNS = {
    "title": lazy("Title"),
    "ordered_at": lazy("Ordered at"),
    "state": lazy("State"),
    "quantity": lazy("Pieces"),
    "points": lazy("Points"),
    "points_returned": lazy("Points returned"),
    "note": lazy("What you wrote"),
}
_VOUCHERS = {
    "code": lazy("Code of the voucher"),
    "worth": lazy("Worth in fen; 1: used as a whole"),
    "left": lazy("Left on it"),
    "until": lazy("Valid until"),
}
_BENEFITS = {
    "title": lazy("Benefit"),
    "period": lazy("Period"),
    "used_at": lazy("Used on"),
    "given_back": lazy("Given back"),
}
_MARKED = {"title": lazy("Title")}
_USED = {
    "title": lazy("Title"),
    "period": lazy("Period"),
    "used": lazy("Pieces had"),
    "most": lazy("Pieces allowed"),
    "household": lazy("Counted for the household"),
}


def export_of(member: MemberRef) -> list[ExportPart]:
    """Return a member's orders, vouchers and favourites, and what limits count of the member."""
    orders = db.session.scalars(
        sa.select(Order).where(Order.member_id == member.id).order_by(Order.created_at, Order.id)
    )
    told = [
        {
            "title": localized(each.title),
            "ordered_at": each.created_at,
            "state": each.state,
            "quantity": each.quantity,
            "points": each.total // 1000,
            "points_returned": each.refunded // 1000,
            "note": each.note,
        }
        for each in orders
    ]
    marked = db.session.scalars(
        sa.select(Item)
        .join(Favourite, Favourite.item_id == Item.id)
        .where(Favourite.member_id == member.id)
        .order_by(Item.id)
    )
    given = db.session.scalars(
        sa.select(Voucher).where(Voucher.member_id == member.id).order_by(Voucher.id)
    )
    held = [
        {"code": each.code, "worth": each.worth, "left": each.left_over, "until": each.valid_until}
        for each in given
    ]
    titles = [{"title": localized(each.title)} for each in marked]
    limits = _limits(member)
    return [
        ExportPart("orders", lazy("Orders for points"), _COLUMNS, told),
        ExportPart("vouchers", lazy("Vouchers"), _VOUCHERS, held),
        ExportPart("benefits", lazy("Benefits used"), _BENEFITS, _benefits(member)),
        ExportPart("favourites", lazy("Favourites"), _MARKED, titles),
        ExportPart("care", lazy("What the club did for you"), TASKS, care_of(member)),
        ExportPart("care_declined", lazy("Care that you do not want"), DECLINED, declined(member)),
        ExportPart("limits", lazy("Counted against limits of rewards"), _USED, limits),
    ]


def _benefits(member: MemberRef) -> list[dict[str, object]]:
    """Return which benefits of tiers a member has used."""
    counted = sa.select(BenefitUse, BenefitCount.period).join(
        BenefitCount, BenefitCount.id == BenefitUse.count_id
    )
    mine = counted.where(BenefitUse.member_id == member.id).order_by(BenefitUse.id)
    return [
        {
            "title": localized(each.title),
            "period": period,
            "used_at": each.created_at,
            "given_back": each.undone_at is not None,
        }
        for each, period in db.session.execute(mine)
    ]


def _limits(member: MemberRef) -> list[dict[str, object]]:
    """Return what limits count of a member, and of the household."""
    of_household = Used.member_id.is_(None)
    columns = (Used.period, Used.used, Used.most, of_household.label("household"))
    counted = db.session.execute(
        sa.select(Item.title, *columns)
        .join(Item, Item.id == Used.item_id)
        .where(sa.or_(Used.member_id == member.id, Used.household_id == member.household_id))
        .order_by(Used.id)
    )
    return [{**row._asdict(), "title": localized(row.title)} for row in counted]


def erase(member: MemberRef) -> None:
    """Take out what the person wrote and marked; that so much was handed out stays true."""
    mine = sa.update(Order).where(Order.member_id == member.id)
    db.session.execute(mine.values(note=""))
    orders = sa.select(Order.id).where(Order.member_id == member.id)
    credits_ = sa.update(FeeCredit).where(FeeCredit.order_id.in_(orders))
    db.session.execute(credits_.values(building="", entrance="", number=""))
    db.session.execute(sa.delete(Favourite).where(Favourite.member_id == member.id))
    forget(member)
    for model in (BenefitUse, BenefitCount):
        db.session.execute(sa.delete(model).where(model.member_id == member.id))
    # What comes back later finds no row to count down, which is well. The household's count goes
    # with the last of its members: while others are there it is their limit.
    gone = [Used.member_id == member.id]
    if all(mate.member_id in (None, member.id) for mate in housemates(member)):
        gone.append(Used.household_id == member.household_id)
    db.session.execute(sa.delete(Used).where(sa.or_(*gone)))


def objections(member: MemberRef) -> list[str]:
    """Return what has to be settled before a member is erased: orders that are under way."""
    waiting = db.session.scalar(
        sa.select(sa.func.count(Order.id)).where(
            Order.member_id == member.id, Order.state.in_(LIVE)
        )
    )
    if not waiting:
        return []
    return [gettext("Fetch or cancel your orders for points first.")]


def purge(project: ProjectRef) -> None:
    """Delete everything of a project; what is still held goes back first. The permit opens the
    history."""
    live = sa.select(Order).where(Order.project_id == project.id, Order.state.in_(LIVE))
    for order in db.session.scalars(live.order_by(Order.item_id, Order.id)).all():
        end(order, lock_item(order.item_id), State.CANCELLED, now())
    db.session.add(PurgePermit(project_id=project.id))
    db.session.flush()
    ours = sa.select(Item.id).where(Item.project_id == project.id)
    # A member who moved may have marked an item of this project in another.
    db.session.execute(sa.delete(Favourite).where(Favourite.item_id.in_(ours)))
    for model in (
        CareStep, CareTask, CareDecline, CareBudget, CareTerms, CareRule,
        BenefitUse, BenefitCount, BenefitRule,
        StatementLine, Statement, Rate, ItemPartner, PartnerOffer, Partner,
        VoucherUse, Voucher, VoucherTerms, WrongCode, FeeCredit, FeeTerms, Step, Order,
        Favourite, Movement, Used, OpenWindow, TierPrice, Item, PurgePermit,
    ):  # fmt: skip
        db.session.execute(sa.delete(model).where(model.project_id == project.id))

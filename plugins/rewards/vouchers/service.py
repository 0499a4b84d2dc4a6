"""Issuing vouchers, using them, importing lists of codes. Never commits."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Order
from plugins.rewards.states import Kind, Move
from plugins.rewards.stocking import lock_item, move_stock
from plugins.rewards.vouchers.listing import BAD, NEW, look_over
from plugins.rewards.vouchers.models import Voucher, VoucherTerms, VoucherUse, WrongCode
from plugins.rewards.vouchers.rules import SECONDS, Typed, is_fresh, is_genuine
from portal.sdk import ProjectRef, db, record

WRONG_MOST = 30
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def set_terms(*, actor: Any, project: ProjectRef, item: Item, worth: int | None, days: int) -> None:
    """Say what vouchers of an item are worth and for how long; those given out stay as they are."""
    terms = _terms(item, project)
    terms.worth, terms.days = worth, days
    _record(actor, project, item, "terms", {"worth": worth, "days": days})


def import_codes(*, actor: Any, project: ProjectRef, item: Item, lines: Iterable[str]) -> int:
    """Keep codes of a partner's list and count them as stock; return how many are new.

    Raises RewardError: BAD_CODES with the first of them, NO_STOCK.
    """
    locked, terms = lock_item(item.id), _terms(item, project)
    if locked.stock is None:
        raise RewardError("NO_STOCK")
    told = look_over(lines)
    bad = [each.code for each in told if each.result == BAD]
    if bad:
        raise RewardError("BAD_CODES", said=", ".join(bad[:5]))
    new = [each.code for each in told if each.result == NEW]
    for code in new:
        db.session.add(_made(locked, project, terms, code))
    db.session.flush()
    terms.listed = True
    if new:
        move_stock(locked, Move.RECEIVED, len(new), actor)
    _record(actor, project, item, "codes", {"new": len(new), "known": len(told) - len(new)})
    return len(new)


def issue(order: Order, item: Item, project: ProjectRef, at: datetime) -> None:
    """Give a voucher for each piece of a confirmed order. The item is locked.

    Raises RewardError SOLD_OUT when the imported list has too few codes left.
    """
    terms = _terms(item, project)
    if terms.listed:
        free = sa.select(Voucher).where(Voucher.item_id == item.id, Voucher.order_id.is_(None))
        given = list(db.session.scalars(free.order_by(Voucher.id).limit(order.quantity)))
        if len(given) < order.quantity:
            raise RewardError("SOLD_OUT")
    else:
        given = [_made(item, project, terms, _new_code()) for _ in range(order.quantity)]
        db.session.add_all(given)
    for voucher in given:
        voucher.order_id, voucher.member_id = order.id, order.member_id
        voucher.valid_until = at + timedelta(days=terms.days)
    db.session.flush()


def take_back_vouchers(*, actor: Any, order: Order, item: Item, at: datetime) -> None:
    """Void the vouchers of an order that is returned; a list's code is not given out again.

    Raises RewardError VOUCHER_USED when anything was taken off one.
    """
    if item.kind != Kind.VOUCHER:
        return
    mine = sa.update(Voucher).where(Voucher.order_id == order.id)
    unused = mine.where(Voucher.left_over == Voucher.worth, Voucher.voided_at.is_(None))
    done = db.session.execute(unused.values(voided_at=at))
    if getattr(done, "rowcount", 0) != order.quantity:
        raise RewardError("VOUCHER_USED", state=order.state)
    terms = db.session.get(VoucherTerms, item.id)
    if terms is not None and terms.listed and item.stock is not None:
        move_stock(item, Move.LOST, -order.quantity, actor)


def verify(*, project: ProjectRef, text: str, at: datetime, item_key: str = "") -> Voucher:
    """Return the voucher that was shown. `item_key`: the only item that a partner's link accepts.

    Raises RewardError, one code each: VOUCHER_FORGED, VOUCHER_FOREIGN, VOUCHER_STALE,
    VOUCHER_VOID, VOUCHER_EXPIRED, VOUCHER_USED.
    """
    typed = Typed.read(text)
    found = None
    if typed is not None:
        mine = sa.select(Voucher, Item).join(Item).where(Voucher.code == typed.code)
        found = db.session.execute(mine.execution_options(populate_existing=True)).first()
    if typed is None or found is None or not is_genuine(found[0], typed):
        raise RewardError("VOUCHER_FORGED")
    voucher: Voucher = found[0]
    item: Item = found[1]
    if voucher.project_id != project.id or (item_key and item.public_id != item_key):
        raise RewardError("VOUCHER_FOREIGN")
    if voucher.order_id is None:
        # A code of a list that nobody has redeemed yet.
        raise RewardError("VOUCHER_FORGED")
    if not is_fresh(typed, at):
        raise RewardError("VOUCHER_STALE")
    if voucher.voided_at is not None:
        raise RewardError("VOUCHER_VOID")
    if voucher.left_over == 0:
        raise RewardError("VOUCHER_USED")
    if voucher.valid_until is not None and voucher.valid_until <= at:
        raise RewardError("VOUCHER_EXPIRED")
    return voucher


def use(*, actor: Any, voucher: Voucher, seen: int, amount: int | None, at: datetime) -> int:
    """Take an amount off a verified voucher, or all of one that is used as a whole; return what is
    left. `seen`: what the page said was left, so that pressing twice takes once.

    Raises RewardError: BAD_AMOUNT, TOO_MUCH, VOUCHER_CHANGED.
    """
    taken = amount if voucher.in_parts else voucher.worth
    if taken is None or taken < 1:
        raise RewardError("BAD_AMOUNT")
    if taken > seen:
        raise RewardError("TOO_MUCH")
    fits = sa.update(Voucher).where(
        Voucher.id == voucher.id,
        Voucher.left_over == seen,
        Voucher.left_over >= taken,
        Voucher.voided_at.is_(None),
        Voucher.valid_until > at,
    )
    done = db.session.execute(fits.values(left_over=Voucher.left_over - taken))
    if not getattr(done, "rowcount", 0):
        raise RewardError("VOUCHER_CHANGED")
    left = seen - taken
    db.session.add(
        VoucherUse(
            voucher_id=voucher.id,
            project_id=voucher.project_id,
            amount=taken,
            left_over=left,
            by=actor.id if actor else None,
        )
    )
    record(
        actor=actor,
        action="rewards.voucher_used",
        subject=("rewards_voucher", voucher.public_id),
        project_id=voucher.project_id,
        facts={"amount": taken, "left": left},
    )
    db.session.flush()
    return left


def may_try(project: ProjectRef, who: str, at: datetime) -> bool:
    """Tell whether somebody has tried fewer than 30 wrong codes in this minute."""
    key = {"project_id": project.id, "who": who, "minute": int(at.timestamp()) // SECONDS}
    wrong = db.session.scalar(sa.select(WrongCode.wrong).filter_by(**key))
    return (wrong or 0) < WRONG_MOST


def count_wrong(*, actor: Any, project: ProjectRef, who: str, at: datetime) -> None:
    """Count a wrong code; the thirtieth of a minute is flagged in the audit trail."""
    key = {"project_id": project.id, "who": who, "minute": int(at.timestamp()) // SECONDS}
    more = sa.update(WrongCode).filter_by(**key).values(wrong=WrongCode.wrong + 1)
    if not getattr(db.session.execute(more), "rowcount", 0):
        savepoint = db.session.begin_nested()
        try:
            db.session.add(WrongCode(**key, wrong=1))
            db.session.flush()
            savepoint.commit()
        except sa.exc.IntegrityError:
            savepoint.rollback()
            db.session.execute(more)
    many = db.session.scalar(sa.select(WrongCode.wrong).filter_by(**key))
    record(
        actor=actor,
        action="rewards.codes_guessed" if many == WRONG_MOST else "rewards.wrong_code",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"wrong": many},
    )


def _terms(item: Item, project: ProjectRef) -> VoucherTerms:
    found = db.session.get(VoucherTerms, item.id)
    if found is None:
        found = VoucherTerms(item_id=item.id, project_id=project.id, days=180, listed=False)
        db.session.add(found)
        db.session.flush()
    return found


def _made(item: Item, project: ProjectRef, terms: VoucherTerms, code: str) -> Voucher:
    worth = terms.worth or 1
    return Voucher(
        item_id=item.id,
        project_id=project.id,
        code=code,
        secret=secrets.token_urlsafe(16),
        worth=worth,
        left_over=worth,
        in_parts=terms.worth is not None,
    )


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def _record(actor: Any, project: ProjectRef, item: Item, what: str, facts: dict[str, Any]) -> None:
    record(
        actor=actor,
        action="rewards.voucher_set_up",
        subject=("rewards_item", item.public_id),
        project_id=project.id,
        facts={"what": what, **facts},
    )

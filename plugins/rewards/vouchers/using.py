"""Checking and using a voucher, the same at the desk and on a partner's phone."""

from dataclasses import dataclass
from typing import Any

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item
from plugins.rewards.vouchers import service
from plugins.rewards.vouchers.models import Voucher
from plugins.rewards.words import REFUSALS
from portal.sdk import ProjectRef, db, now

STATUS = {
    "VOUCHER_FORGED": 422,
    "VOUCHER_FOREIGN": 403,
    "VOUCHER_EXPIRED": 410,
    "VOUCHER_VOID": 410,
    "BAD_AMOUNT": 422,
    "TOO_MUCH": 422,
    "TOO_MANY_TRIES": 429,
}
"""What is not 409."""
_GUESSED = ("VOUCHER_FORGED", "VOUCHER_FOREIGN")


@dataclass(frozen=True)
class Outcome:
    """What came of a code: the voucher with its item, or why not; `taken`: what was taken off."""

    voucher: Voucher | None = None
    item: Item | None = None
    refused: object = ""
    code: str = ""
    status: int = 200
    taken: int | None = None


def look(
    *, actor: Any, project: ProjectRef, who: str, text: str, item_key: str = "", take: bool = False,
    seen: str = "", amount: str = "",
) -> Outcome:  # fmt: skip
    """Check a code, and with `take` take `amount` (yuan) off it; commits, a wrong code, too.

    `who`: who tries, for the limit of wrong codes a minute.
    """
    at = now()
    if not service.may_try(project, who, at):
        return _refused(RewardError("TOO_MANY_TRIES"))
    voucher = None
    try:
        voucher = service.verify(project=project, text=text, at=at, item_key=item_key)
        if not take:
            return Outcome(voucher, db.session.get_one(Item, voucher.item_id))
        before = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 13 else -1
        taken = fen(amount) if voucher.in_parts else None
        left = service.use(actor=actor, voucher=voucher, seen=before, amount=taken, at=at)
    except RewardError as error:
        db.session.rollback()
        if error.code in _GUESSED:
            service.count_wrong(actor=actor, project=project, who=who, at=at)
            db.session.commit()
        shown = None if voucher is None else db.session.get(Voucher, voucher.id)
        item = None if shown is None else db.session.get_one(Item, shown.item_id)
        return _refused(error, shown, item)
    db.session.commit()
    voucher = db.session.get_one(Voucher, voucher.id, populate_existing=True)
    return Outcome(voucher, db.session.get_one(Item, voucher.item_id), taken=before - left)


def fen(text: str) -> int | None:
    """Return fen for yuan as people type them ("12", "12.5"), None for what is none."""
    whole, _, part = text.strip().partition(".")
    digits = whole + part
    if not (whole and digits.isascii() and digits.isdecimal()):
        return None
    if len(part) > 2 or len(whole) > 8:
        return None
    return int(whole) * 100 + int((part + "00")[:2])


def _refused(
    error: RewardError, voucher: Voucher | None = None, item: Item | None = None
) -> Outcome:
    return Outcome(voucher, item, REFUSALS[error.code], error.code, STATUS.get(error.code, 409))

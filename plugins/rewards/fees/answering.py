"""The property company's answers, as rows or from its program: a repeated one changes nothing, one
that contradicts what is settled is named, and each stands for itself."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.rewards import handling
from plugins.rewards.errors import RewardError
from plugins.rewards.models import FeeCredit, FeeTerms, Item, Order
from plugins.rewards.showing import plain_code
from plugins.rewards.states import DONE, Kind, State
from plugins.rewards.vouchers.using import fen
from portal.sdk import ProjectRef, TableError, db, read_table, record

MOST = 500
COLUMNS = {
    "code": ("编号", "單號", "单号", "兑换码", "兌換碼"),
    "answer": ("答复", "答覆", "结果", "結果"),
    "reason": ("原因", "理由"),
    "amount": ("金额", "金額"),
}
"""What the heading of the company's file may call each column."""
CONFIRMED, REFUSED, DONE_NOW, REPEATED = "confirmed", "refused", "done", "repeated"
_SAID = {
    "confirmed": CONFIRMED, "yes": CONFIRMED, "确认": CONFIRMED, "确认抵扣": CONFIRMED,
    "確認": CONFIRMED, "refused": REFUSED, "no": REFUSED, "拒绝": REFUSED, "拒絕": REFUSED,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An answer as it was sent. `amount`: yuan as the company typed them, "" for none."""

    line: int
    code: str
    answer: str
    reason: str = ""
    amount: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a row: `done`, `repeated`, or the code of a refusal."""

    line: int
    code: str
    result: str


def set_worth(*, actor: Any, project: ProjectRef, item: Item, worth: int | None) -> None:
    """Say what a piece takes off the fee; what was ordered stays as it was promised.

    Raises RewardError BAD_WORTH for anything but whole yuan.
    """
    if item.kind != Kind.FEE or not worth or worth % 100:
        raise RewardError("BAD_WORTH")
    terms = db.session.get(FeeTerms, item.id)
    if terms is None:
        terms = FeeTerms(item_id=item.id, project_id=project.id)
        db.session.add(terms)
    terms.worth = worth
    db.session.flush()
    record(
        actor=actor, action="rewards.fee_set_up", subject=("rewards_item", item.public_id),
        project_id=project.id, facts={"worth": worth},
    )  # fmt: skip


def read_rows(data: bytes) -> list[Row]:
    """Return the rows of a CSV or XLSX whose heading names `code`, `answer`, and perhaps `reason`
    and `amount`, in any order. Raises RewardError BAD_TABLE."""
    try:
        table = read_table(data, columns=COLUMNS, needed=("code", "answer"), most=MOST)
    except TableError as error:
        raise RewardError("BAD_TABLE", said=error.sentence) from error
    return [
        Row(each.line, **{name: text[:200] for name, text in each.cells.items()}) for each in table
    ]


def as_text(rows: Sequence[Row]) -> str:
    """Return rows as the text of a CSV, to be sent again."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows((each.code, each.answer, each.reason, each.amount) for each in rows)
    return text.getvalue()


def apply_rows(
    *, actor: Any, project: ProjectRef, rows: Sequence[Row], at: datetime
) -> list[Outcome]:
    """Do what every row says that can be done; return what became of each, by line."""
    known = _credits(project, {plain_code(row.code) for row in rows} - {""})
    said = defaultdict(set)
    for row in rows:
        said[plain_code(row.code)].add(_SAID.get(row.answer.lower()))

    def place(row: Row) -> tuple[int, int, int]:
        # One item after the other, in one order: nobody waits for each other crosswise.
        credit = known.get(plain_code(row.code))
        return (credit.order.item_id, credit.order_id, row.line) if credit else (0, 0, row.line)

    told = []
    for row in sorted(rows, key=place):
        code = plain_code(row.code)
        result = "CONTRADICTING" if len(said[code]) > 1 and code in known else ""
        result = result or _apply(actor, project, row, known.get(code), at)
        told.append(Outcome(row.line, row.code[:20], result))
    return sorted(told, key=lambda outcome: outcome.line)


def _apply(
    actor: Any, project: ProjectRef, row: Row, credit: FeeCredit | None, at: datetime
) -> str:
    if credit is None:
        return "UNKNOWN_CODE"
    answer, order = _SAID.get(row.answer.lower()), credit.order
    if answer is None:
        return "NO_ANSWER" if not row.answer else "UNREADABLE"
    if row.amount and fen(row.amount) != credit.worth:
        return "OTHER_AMOUNT"
    if answer == REFUSED and not row.reason:
        return "NO_REASON"
    try:
        handling.lock_order(order)
        if order.state == (State.CANCELLED if answer == REFUSED else State.DELIVERED):
            return REPEATED
        if answer == CONFIRMED and order.state in DONE:
            return REPEATED
        if order.state != State.PLACED:
            return "SETTLED_OTHERWISE"
        if answer == CONFIRMED:
            handling.send(actor=actor, order=order, project=project, at=at)
        else:
            handling.refuse(actor=actor, order=order, project=project, reason=row.reason, at=at)
    except RewardError as error:
        return error.code
    return DONE_NOW


def _credits(project: ProjectRef, codes: Iterable[str]) -> dict[str, FeeCredit]:
    mine = (
        sa.select(FeeCredit)
        .join(Order, Order.id == FeeCredit.order_id)
        .options(joinedload(FeeCredit.order))
        .where(FeeCredit.project_id == project.id, Order.code.in_(sorted(codes)))
    )
    return {each.order.code: each for each in db.session.scalars(mine)}

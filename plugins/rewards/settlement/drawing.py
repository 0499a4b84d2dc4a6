"""Drawing a month up: everything handed out, returned or used that is in no statement yet."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from plugins.rewards.errors import RewardError
from plugins.rewards.figures import COUNTED, months_end
from plugins.rewards.models import FeeCredit, Item, ItemPartner, Order, Step, Voucher, VoucherUse
from plugins.rewards.settlement.models import Rate, Statement, StatementLine
from plugins.rewards.settlement.states import Party, Stage
from plugins.rewards.states import Kind, State
from portal.sdk import Captured, ProjectRef, captured_points, db, record

SOURCE = "rewards.order"
_CHUNK = 500


@dataclass(frozen=True)
class Part:
    """What becomes a line: whose it is, and its pieces, milli-points and fen, negative when it
    came back. `capture_id`: the posting that took the points, if there were any."""

    party: Party
    partner_id: int | None
    item_id: int
    on: date
    pieces: int = 0
    points: int = 0
    amount: int = 0
    rate: int | None = None
    needs_rate: bool = False
    step_id: int | None = None
    use_id: int | None = None
    capture_id: int | None = None

    @property
    def unrated(self) -> bool:
        """Tell whether a partner would get something and nobody has said how much."""
        return self.needs_rate and self.rate is None


def draw_up(*, actor: Any, project: ProjectRef, month: str, at: datetime) -> list[Statement]:
    """Draw up a month that is over: a statement for each party. What an earlier month left over
    comes with it. Raises RewardError: BAD_SETTLEMENT_MONTH, NOTHING_TO_SETTLE, CHANGED.
    """
    end = months_end(project, month)
    if end is None or end > at:
        raise RewardError("BAD_SETTLEMENT_MONTH")
    parts = [*_orders(project, end), *_uses(project, end)]
    if not parts:
        raise RewardError("NOTHING_TO_SETTLE")
    by_party: dict[tuple[Party, int | None], list[Part]] = defaultdict(list)
    for part in parts:
        by_party[part.party, part.partner_id].append(part)
    number = db.session.scalar(
        sa.select(sa.func.max(Statement.number)).where(Statement.project_id == project.id)
    )
    made = []
    try:
        with db.session.begin_nested():
            for (party, partner_id), theirs in sorted(by_party.items(), key=str):
                number = (number or 0) + 1
                made.append(
                    _write(actor, project, month, party, partner_id, number=number, parts=theirs)
                )
    except IntegrityError as error:
        # Somebody draws the same up at this moment: each line is in one statement only.
        raise RewardError("CHANGED") from error
    for each in made:
        note(actor, each, "statement_drawn")
    return made


def drop(*, actor: Any, statement: Statement) -> None:
    """Throw a draft away: what was in it waits for the next. Raises RewardError ILLEGAL_STEP."""
    lock(statement)
    if statement.state != Stage.DRAFT:
        raise RewardError("ILLEGAL_STEP", state=statement.state)
    db.session.execute(sa.delete(StatementLine).where(StatementLine.statement_id == statement.id))
    db.session.execute(sa.delete(Statement).where(Statement.id == statement.id))
    note(actor, statement, "statement_dropped")


def lock(statement: Statement) -> None:
    """Read a statement anew, locked until the transaction ends. Raises RewardError GONE."""
    mine = sa.select(Statement).where(Statement.id == statement.id).with_for_update()
    if db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none() is None:
        raise RewardError("CHANGED")


def ledger_points(lines: Iterable[tuple[int | None, bool]]) -> int:
    """Return the milli-points that the ledger has for lines: each a posting that took points (None:
    it cost none), and whether the line is its return."""
    known = [line for line in lines if line[0] is not None]
    ids = sorted({posting for posting, _ in known if posting is not None})
    found: dict[int, Captured] = {}
    for start in range(0, len(ids), _CHUNK):
        found |= captured_points(source=SOURCE, posting_ids=ids[start : start + _CHUNK])
    total = 0
    for posting, is_return in known:
        if posting in found:
            taken = found[posting]
            total += -taken.returned if is_return else taken.amount
    return total


def note(actor: Any, statement: Statement, act: str) -> None:
    """Write an act upon a statement into the audit trail."""
    record(
        actor=actor,
        action=f"rewards.{act}",
        subject=("rewards_statement", statement.public_id),
        project_id=statement.project_id,
        facts={
            "number": statement.number, "month": statement.month, "party": statement.party,
            "points": statement.points, "amount": statement.amount, "rows": statement.rows,
        },
    )  # fmt: skip


def _write(
    actor: Any,
    project: ProjectRef,
    month: str,
    party: Party,
    partner_id: int | None,
    *,
    number: int,
    parts: list[Part],
) -> Statement:
    made = Statement(
        project_id=project.id,
        number=number,
        month=month,
        party=party,
        partner_id=partner_id,
        state=Stage.DRAFT,
        points=sum(part.points for part in parts),
        amount=sum(part.amount for part in parts),
        rows=len(parts),
        unrated=sum(part.unrated for part in parts),
        ledger=ledger_points((part.capture_id, part.pieces < 0) for part in parts),
        made_by=actor.id,
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(
        StatementLine(
            statement_id=made.id, project_id=project.id, step_id=part.step_id,
            use_id=part.use_id, item_id=part.item_id, on=part.on, pieces=part.pieces,
            points=part.points, amount=part.amount, rate=part.rate,
        )
        for part in parts
    )  # fmt: skip
    db.session.flush()
    return made


def _orders(project: ProjectRef, end: datetime) -> list[Part]:
    """Return what was handed out and what came back; a return is what its handing out was."""
    taken = aliased(Step)
    taken_line = aliased(StatementLine)
    before = aliased(Statement)
    settled = sa.exists().where(StatementLine.step_id == Step.id)
    rows = db.session.execute(
        sa.select(
            Step.id, Step.state, Step.at, Order.id.label("order_id"), Order.quantity, Order.price,
            Order.item_id, Order.capture_id, Item.kind, ItemPartner.partner_id, FeeCredit.worth,
            before.party.label("was_party"), before.partner_id.label("was_partner"),
            taken_line.amount.label("was_amount"), taken_line.rate.label("was_rate"),
        )
        .join(Order, Order.id == Step.order_id)
        .join(Item, Item.id == Order.item_id)
        .outerjoin(ItemPartner, ItemPartner.item_id == Item.id)
        .outerjoin(FeeCredit, FeeCredit.order_id == Order.id)
        .outerjoin(
            taken,
            sa.and_(
                taken.order_id == Order.id,
                taken.state.in_((State.COLLECTED, State.DELIVERED)),
                Step.state == State.RETURNED,
            ),
        )
        .outerjoin(taken_line, taken_line.step_id == taken.id)
        .outerjoin(before, before.id == taken_line.statement_id)
        .where(
            Step.project_id == project.id, Step.state.in_(COUNTED), Step.at < end, ~settled
        )
        .order_by(Step.at, sa.case((Step.state == State.RETURNED, 1), else_=0), Step.id)
    ).all()  # fmt: skip
    rates, zone = _rates(project), ZoneInfo(project.time_zone)
    parts: list[Part] = []
    handed_out: dict[int, Part] = {}
    for row in rows:
        on = row.at.astimezone(zone).date()
        if row.state != State.RETURNED:
            part = _handed_out(row, on, rates)
            handed_out[row.order_id] = part
        elif row.was_party is not None:
            part = Part(
                Party(row.was_party), row.was_partner, row.item_id, on, -row.quantity,
                -row.price * row.quantity, -row.was_amount, row.was_rate,
                step_id=row.id, capture_id=row.capture_id,
            )  # fmt: skip
        else:
            first = handed_out[row.order_id]
            part = replace(
                first, on=on, step_id=row.id, needs_rate=False,
                pieces=-first.pieces, points=-first.points, amount=-first.amount,
            )  # fmt: skip
        parts.append(part)
    return parts


def _handed_out(row: Any, on: date, rates: dict[int, list[tuple[str, int]]]) -> Part:
    common = {
        "item_id": row.item_id, "on": on, "pieces": row.quantity,
        "points": row.price * row.quantity, "step_id": row.id, "capture_id": row.capture_id,
    }  # fmt: skip
    if row.worth is not None:
        return Part(Party.PROPERTY, None, amount=row.worth, **common)
    if row.partner_id is None:
        return Part(Party.CLUB, None, **common)
    if row.kind == Kind.VOUCHER:
        # Its partner is paid when it is used.
        return Part(Party.PARTNER, row.partner_id, **common)
    rate = _rate(rates, row.item_id, on)
    return Part(
        Party.PARTNER, row.partner_id, amount=(rate or 0) * row.quantity, rate=rate,
        needs_rate=True, **common,
    )  # fmt: skip


def _uses(project: ProjectRef, end: datetime) -> list[Part]:
    """Return what was taken off vouchers: the amount, or the rate of one used as a whole."""
    settled = sa.exists().where(StatementLine.use_id == VoucherUse.id)
    rows = db.session.execute(
        sa.select(
            VoucherUse.id, VoucherUse.created_at, VoucherUse.amount, Voucher.in_parts,
            Voucher.item_id, ItemPartner.partner_id,
        )
        .join(Voucher, Voucher.id == VoucherUse.voucher_id)
        .outerjoin(ItemPartner, ItemPartner.item_id == Voucher.item_id)
        .where(VoucherUse.project_id == project.id, VoucherUse.created_at < end, ~settled)
        .order_by(VoucherUse.created_at, VoucherUse.id)
    ).all()  # fmt: skip
    rates, zone = _rates(project), ZoneInfo(project.time_zone)
    parts = []
    for row in rows:
        on = row.created_at.astimezone(zone).date()
        theirs = row.partner_id is not None
        rate = _rate(rates, row.item_id, on) if theirs and not row.in_parts else None
        parts.append(
            Part(
                Party.PARTNER if theirs else Party.CLUB, row.partner_id, row.item_id, on,
                amount=row.amount if row.in_parts else rate or 0, rate=rate,
                needs_rate=theirs and not row.in_parts, use_id=row.id,
            )
        )  # fmt: skip
    return parts


def _rates(project: ProjectRef) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    mine = sa.select(Rate).where(Rate.project_id == project.id).order_by(Rate.month)
    for each in db.session.scalars(mine):
        found[each.item_id].append((each.month, each.fen))
    return found


def _rate(rates: dict[int, list[tuple[str, int]]], item_id: int, on: date) -> int | None:
    """Return the fen a piece that hold on a day: of the newest month that has begun."""
    held = [fen for month, fen in rates.get(item_id, ()) if month <= f"{on:%Y-%m}"]
    return held[-1] if held else None

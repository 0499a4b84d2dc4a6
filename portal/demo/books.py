"""What finance finds in the demo: adjustments that wait for two, a cost, and a closed month."""

from datetime import timedelta

import sqlalchemy as sa

from portal.demo.stage import Stage
from portal.extensions import db
from portal.points import months, proposals, proving
from portal.points.accounts import REDEEMABLE
from portal.points.kinds import Kind
from portal.points.models import Currency, Proposal
from portal.points.verify import verify

POINT = 1000
COST_FEN = 1
"""What a point costs the club, in fen for each point."""
WAITING = (
    ("owner", "staff@demo.test", Kind.AWARD, 800, "全年担任志愿楼长，经客服例会讨论同意"),
    ("settled", "staff@demo.test", Kind.DEDUCT, 560, "九月物业费重复计分，扣回多计部分"),
    ("spouse", "manager@demo.test", Kind.AWARD, 600, "社区摄影展一等奖奖励"),
)
DECIDED = ("tenant", "staff@demo.test", Kind.AWARD, 1_500, "搬家补偿")
WHY_NOT = "金额超出补偿标准，请按标准重新提交"


def add_proposals(stage: Stage) -> None:
    """Let staff propose what is too much for one person; one of it is refused."""
    for player, maker, kind, points, reason in WAITING:
        _propose(stage, player, maker, kind, points, reason)
    proposals.decide(
        actor=stage.accounts["manager@demo.test"],
        proposal=_propose(stage, *DECIDED),
        member=stage.members[DECIDED[0]],
        approve=False,
        note=WHY_NOT,
    )


def close_books(stage: Stage) -> None:
    """Seal the month before the last, so that the last waits for finance, and prove the ledger.

    Comes last: nothing is booked into a closed month.
    """
    if db.session.connection().dialect.name == "postgresql":
        # Others count this transaction's rows as none: a plan made for that takes minutes.
        db.session.execute(sa.text("ANALYZE points_account, points_transaction, points_entry"))
    db.session.execute(
        sa.update(Currency).where(Currency.key == REDEEMABLE).values(cost_fen=COST_FEN * 1000)
    )
    last = stage.today.replace(day=1) - timedelta(days=1)
    before = last.replace(day=1) - timedelta(days=1)
    months.seal_month(actor=stage.accounts["finance@demo.test"], month=f"{before:%Y-%m}")
    proving.keep(started_at=stage.moment(0, 0, 1), found=verify())


def _propose(
    stage: Stage, player: str, maker: str, kind: Kind, points: int, reason: str
) -> Proposal:
    made = proposals.adjust(
        actor=stage.accounts[maker],
        member=stage.members[player],
        project_id=stage.projects["binjiang"].id,
        kind=kind,
        amount=points * POINT,
        reason=reason,
        key=f"demo:{player}",
    )
    assert isinstance(made, Proposal)
    return made

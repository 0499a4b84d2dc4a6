"""Points of the demo's people: years of them for the owner, months or a welcome for the others.

Posted through the service, so that every line has its reason.
"""

from dataclasses import dataclass, field
from typing import Any

from portal.demo.stage import Stage
from portal.points import expiring, service
from portal.points.kinds import NEVER
from portal.points.terms import Holder, Posting, Terms, Why

POINT = 1000
_FEE = {"each_fen": 500}
_HERE = ("unit.verified", "fee.paid", "event.attended", "referral.signed", "manual")
"""What happens in a project; the rest is the whole club's. The cast's homes are in Binjiang."""


@dataclass(frozen=True)
class Given:
    """Points earned some days ago, good for some days from today (None: for ever)."""

    days_ago: int
    points: int
    source: str
    lasts: int | None
    facts: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    note: str = ""
    qualifying: bool = False


def _fee(days_ago: int, points: int, lasts: int) -> Given:
    facts = {"fen": points * 500, **_FEE}
    return Given(days_ago, points, "fee.paid", lasts, facts, "2.1", qualifying=True)


OWNERS = (
    Given(1238, 2_000, "unit.verified", -500, rule="1.1", qualifying=True),
    Given(690, 1_110, "event.attended", 40, rule="4.2"),
    Given(402, 5_000, "unit.verified", 330, rule="1.1", qualifying=True),
    Given(390, 288, "birthday", 340, rule="5.1"),
    _fee(380, 700, 350),
    _fee(290, 700, 440),
    Given(260, 100, "event.attended", 470, rule="4.1"),
    _fee(200, 700, 530),
    Given(188, 60, "survey.answered", 540, rule="3.2"),
    Given(170, 200, "event.attended", 560, rule="4.1"),
    Given(150, 2_000, "referral.signed", 580, rule="6.3", qualifying=True),
    _fee(110, 700, 620),
    Given(96, 60, "survey.answered", 634, rule="3.2"),
    Given(75, 200, "event.attended", 655, rule="4.1"),
    Given(60, 300, "manual", 670, note="志愿楼长补贴，三季度"),
    Given(48, 60, "survey.answered", 682, rule="3.2"),
    Given(25, 288, "birthday", 705, rule="5.1"),
    Given(20, 100, "event.attended", 710, rule="4.1"),
    _fee(14, 844, 716),
    Given(4, 60, "survey.answered", 726, rule="3.2"),
)
"""What 林晓芸 earned; with what she used it leaves 12,680 points, 320 of them to expire soon."""
OTHERS = {
    "spouse": (
        Given(420, 2_000, "unit.verified", 310, rule="1.1", qualifying=True),
        _fee(230, 440, 500),
        Given(120, 60, "survey.answered", 610, rule="3.2"),
        _fee(105, 440, 625),
        Given(70, 480, "event.attended", 25, rule="4.2"),
        Given(31, 200, "event.attended", 699, rule="4.1"),
    ),
    "settled": (
        Given(400, 1_000, "unit.verified", 330, rule="1.1", qualifying=True),
        _fee(200, 560, 530),
        _fee(15, 560, 715),
    ),
    "tenant": (
        Given(200, 100, "member.joined", 530, rule="0.1"),
        Given(90, 200, "event.attended", 640, rule="4.1"),
        Given(33, 60, "survey.answered", 697, rule="3.2"),
    ),
    "newowner": (Given(1, 200, "member.joined", 720, rule="0.1"),),
    "queued": (Given(1, 100, "member.joined", 720, rule="0.1"),),
}
"""What the others earned. Of the spouse's, 360 are used and 120 end within the month."""


def add_points(stage: Stage) -> None:
    """Give the cast their points, with the days on which it happened."""
    key = iter(range(1, 1000))
    owner = stage.members["owner"]
    for given in OWNERS[:1]:
        _give(stage, "owner", given, f"demo:{next(key)}")
    _use(stage, 1_880, 900, "reward.redeemed", f"demo:{next(key)}")
    expiring.expire_batch(at=stage.moment(499, 0, 10))
    for given in OWNERS[1:]:
        _give(stage, "owner", given, f"demo:{next(key)}")
    _use(stage, 640, 9, "reward.redeemed", f"demo:{next(key)}")
    fee = _use(stage, 40, 8, "event.fee", f"demo:{next(key)}")
    service.reverse(
        actor=stage.accounts["staff@demo.test"],
        posting_id=fee.id,
        key=f"demo:{next(key)}",
        why=Why(
            "event.fee",
            project_id=stage.projects["binjiang"].id,
            note="活动因雨取消，按原有效期退回",
        ),
        at=stage.moment(7, 10, 20),
    )
    service.hold(
        actor=owner.account,
        holder=Holder.member(owner.id),
        amount=150 * POINT,
        key=f"demo:{next(key)}",
        why=Why("event.fee", project_id=stage.projects["binjiang"].id),
        at=stage.moment(3, 19, 40),
    )
    service.post(
        actor=None,
        holder=Holder.member(owner.id),
        amount=8_000 * POINT,
        key=f"demo:{next(key)}",
        why=Why(
            "referral.signed",
            project_id=stage.projects["binjiang"].id,
            rule="6.3",
            rule_version=2,
        ),
        terms=Terms(waits=True),
        at=stage.moment(2, 16, 5),
    )
    for player, history in OTHERS.items():
        for given in history:
            _give(stage, player, given, f"demo:{next(key)}")
    _use(stage, 360, 12, "reward.redeemed", f"demo:{next(key)}", player="spouse")


def _give(stage: Stage, player: str, given: Given, key: str) -> None:
    member = stage.members[player]
    by_hand = given.source == "manual"
    project_id = stage.projects["binjiang"].id if given.source in _HERE else None
    for currency in ("redeemable", "qualifying") if given.qualifying else ("redeemable",):
        lasts = given.lasts if currency == "redeemable" else None
        service.post(
            actor=stage.accounts["staff@demo.test"] if by_hand else None,
            holder=Holder.member(member.id),
            amount=given.points * POINT,
            key=f"{key}:{currency}",
            why=Why(
                given.source,
                project_id=project_id,
                facts=given.facts,
                rule=given.rule or None,
                rule_version=2 if given.rule else None,
                note=given.note,
            ),
            currency=currency,
            terms=Terms(expires_on=NEVER if lasts is None else stage.day(-lasts)),
            by_hand=by_hand,
            at=stage.moment(given.days_ago, 9 + given.days_ago % 12, given.days_ago % 60),
        )


def _use(
    stage: Stage, points: int, days_ago: int, source: str, key: str, *, player: str = "owner"
) -> Posting:
    member = stage.members[player]
    return service.spend(
        actor=member.account,
        holder=Holder.member(member.id),
        amount=points * POINT,
        key=key,
        why=Why(source, project_id=stage.projects["binjiang"].id),
        at=stage.moment(days_ago, 10, 2),
    )

"""Points of some neighbours: months of earning and using them, the same for the same seed.

Posted through the service, so that every line has its reason; sixty of them are enough for the
club's lists and charts, and a hundred thousand would take longer than the whole rest of the demo.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from portal.demo.stage import Stage
from portal.extensions import db
from portal.members.models import Member
from portal.points import expiring, service
from portal.points.kinds import NEVER
from portal.points.terms import Holder, Posting, Terms, Why
from portal.projects.models import Ownership, Role

POINT = 1000
NEIGHBOURS = 60
LIFE_DAYS = 730
"""How long points of the demo last."""
YEAR = 365


@dataclass(frozen=True)
class Happening:
    """Something that gives points (or uses them, below zero) some days ago."""

    days_ago: int
    points: int
    source: str
    rule: str = ""
    lasts: int = LIFE_DAYS
    qualifying: bool = False
    waits: bool = False
    taken_back: bool = False


def add_neighbour_points(stage: Stage) -> None:
    """Give the first neighbours by their cards a history of points, and book what has expired."""
    cast = {member.id for member in stage.members.values()}
    rows = db.session.execute(
        sa.select(Member, sa.func.min(Ownership.project_id))
        .outerjoin(
            Ownership, sa.and_(Ownership.member_id == Member.id, Ownership.role == Role.OWNER)
        )
        .where(Member.id.not_in(cast))
        .group_by(Member.id)
        .order_by(Member.card_number)
        .limit(NEIGHBOURS)
    ).all()
    for member, project_id in rows:
        # Of the card and not of the stage's sequence: other draws stay as they are.
        _live(stage, member, project_id, random.Random(member.card_number))  # noqa: S311
    after = 0
    while (batch := expiring.expire_batch(after=after)).after is not None:
        after = batch.after


def _live(stage: Stage, member: Member, project_id: int | None, rng: random.Random) -> None:
    joined = (stage.today - member.joined_on).days
    happenings = sorted(
        _happenings(joined, rng, owns=project_id is not None), key=lambda each: -each.days_ago
    )
    balance = 0
    for number, each in enumerate(happenings):
        points = each.points if each.points > 0 else -(balance * -each.points // 100 // 10 * 10)
        if not points:
            continue
        posting = _post(
            stage, member, project_id, each, points, f"demo:{member.card_number}:{number}"
        )
        if each.taken_back:
            service.reverse(
                actor=stage.accounts["staff@demo.test"],
                posting_id=posting.id,
                key=f"demo:{member.card_number}:{number}:back",
                why=Why(each.source, project_id=project_id, note="活动取消，按原有效期退回"),
                at=stage.moment(max(each.days_ago - 2, 0), 15, 30),
            )
        # What ends meanwhile is not reckoned with: little is used, and none of it is old.
        fresh = each.lasts > each.days_ago and not each.waits and not each.taken_back
        balance = max(0, balance + points) if fresh else balance


def _happenings(joined: int, rng: random.Random, *, owns: bool) -> Iterator[Happening]:
    """Yield what happened in the years since somebody joined, in no order."""
    yield Happening(joined, 100, "member.joined", "0.1")
    if owns:
        yield from _of_owner(joined, rng)
    for _ in range(rng.randint(1, 4)):
        source, points, rule = rng.choice(
            [("survey.answered", 60, "3.2"), ("event.attended", 100, "4.1"),
             ("event.attended", 200, "4.1"), ("birthday", 288, "5.1")]
        )  # fmt: skip
        yield Happening(rng.randint(1, max(1, min(joined, YEAR))), points, source, rule)
    if joined > 200 and rng.random() < 0.4:
        days = rng.randint(60, 190)
        lasts = days + rng.randint(4, 58)
        yield Happening(days, rng.randrange(100, 900, 50), "event.attended", "4.2", lasts)
    if joined > 40:
        for _ in range(rng.randint(0, 2)):
            percent = rng.randint(5, 40)
            yield Happening(rng.randint(1, min(joined - 20, 180)), -percent, "reward.redeemed")
        if rng.random() < 0.12:
            yield Happening(rng.randint(4, 30), -4, "event.fee", taken_back=True)


def _of_owner(joined: int, rng: random.Random) -> Iterator[Happening]:
    """Yield what only an owner has points for: a verified home, fees, a friend who bought."""
    if joined > 3:
        yield Happening(joined - 3, 2_000, "unit.verified", "1.1", qualifying=True)
    fee = rng.randrange(400, 1_100, 10)
    for days in range(20, min(joined, YEAR), 91):
        yield Happening(days, fee, "fee.paid", "2.1", qualifying=True)
    if joined > 10 and rng.random() < 0.1:
        yield Happening(rng.randint(1, 9), 8_000, "referral.signed", "6.3", waits=True)


def _post(
    stage: Stage, member: Member, project_id: int | None, each: Happening, points: int, key: str
) -> Posting:
    holder = Holder.member(member.id)
    at = stage.moment(each.days_ago, 9 + each.days_ago % 12, each.days_ago % 60)
    facts = {"fen": points * 500, "each_fen": 500} if each.source == "fee.paid" else {}
    why = Why(
        each.source,
        facts=facts,
        project_id=project_id,
        rule=each.rule or None,
        rule_version=2 if each.rule else None,
    )
    if points < 0:
        return service.spend(
            actor=None, holder=holder, amount=-points * POINT, key=key, why=why, at=at
        )
    last = stage.day(each.days_ago - each.lasts)
    terms = Terms(waits=True) if each.waits else Terms(expires_on=last)
    if each.qualifying:
        service.post(
            actor=None, holder=holder, amount=points * POINT, key=f"{key}:qualifying", why=why,
            currency="qualifying", terms=Terms(expires_on=NEVER), at=at,
        )  # fmt: skip
    return service.post(
        actor=None, holder=holder, amount=points * POINT, key=key, why=why, terms=terms, at=at
    )

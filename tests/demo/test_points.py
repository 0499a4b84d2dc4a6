"""The demo's points: months of them, sound, and the same for the same seed."""

import random

import sqlalchemy as sa
from flask import Flask

from portal.demo import loader
from portal.demo.neighbour_points import NEIGHBOURS, _happenings
from portal.extensions import db
from portal.members.models import Member
from portal.points import finance, made_up, months, proving, queries
from portal.points.kinds import Kind
from portal.points.models import Lot, PointsAccount, Proposal, Transaction
from portal.points.terms import Holder
from portal.points.verify import verify


def test_people_and_neighbours_have_histories_that_prove_sound(app: Flask) -> None:
    loader.load(members=NEIGHBOURS + 20, seed=1)
    db.session.commit()
    assert verify() == []
    kinds = set(db.session.scalars(sa.select(Transaction.kind)))
    assert {Kind.EARN, Kind.AWARD, Kind.SPEND, Kind.EXPIRE, Kind.REVERSE, Kind.HOLD} <= kinds
    have = sa.select(sa.func.count(sa.distinct(PointsAccount.member_id)))
    assert (db.session.scalar(have) or 0) >= NEIGHBOURS + 5
    assert db.session.scalar(sa.select(sa.func.count()).where(Lot.pending))
    owner = db.session.scalars(sa.select(Member).where(Member.name == "林晓芸")).one()
    figures = queries.balance(Holder.member(owner.id))
    assert (figures.available, figures.pending, figures.held, figures.expiring) == (
        12_680_000, 8_000_000, 150_000, 320_000,
    )  # fmt: skip
    assert figures.account_id is not None
    assert made_up.sums_of(figures.account_id).ties
    of_projects = sa.select(Transaction.source, Transaction.project_id.is_not(None)).where(
        Transaction.account_id == figures.account_id, Transaction.kind != Kind.EXPIRE
    )
    assert set(db.session.execute(of_projects.distinct()).tuples()) == {
        *((source, True) for source in ("unit.verified", "fee.paid", "event.attended", "manual")),
        *((source, True) for source in ("referral.signed", "reward.redeemed", "event.fee")),
        *((source, False) for source in ("birthday", "survey.answered")),
    }
    standing = months.standing()
    assert standing.last is not None
    assert standing.next == months.following(standing.last)
    assert verify() == []
    states = sa.select(Proposal.state, sa.func.count()).group_by(Proposal.state)
    assert dict(db.session.execute(states).tuples().all()) == {"proposed": 3, "refused": 1}
    (redeemable,) = [each for each in finance.currencies() if each.key == "redeemable"]
    assert finance.liability(redeemable, standing.last).fen(1_000_000) > 0
    assert proving.last_proof() is not None
    spouse = db.session.scalars(sa.select(Member).where(Member.name == "陈建国")).one()
    assert queries.balance(Holder.member(spouse.id)).expiring == 120_000


def test_the_same_card_has_the_same_history() -> None:
    first, second = (list(_happenings(500, random.Random("88021946"), owns=True)) for _ in range(2))
    assert first == second

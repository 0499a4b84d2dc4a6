"""What is read. `seen_by` is the one place that says which cases a reader may see at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from plugins.complaints import text
from plugins.complaints.filters import ListFilter
from plugins.complaints.identity import Reader
from plugins.complaints.models import (
    Canned,
    Case,
    Category,
    Clock,
    DayRule,
    Edit,
    Follow,
    Gram,
    LogEntry,
    MeToo,
    Post,
    Promise,
)
from plugins.complaints.searching import GONE, matching
from plugins.complaints.states import CLOSED, LIVE, Kind, PostState, Ring, State, Veil
from portal.sdk import Page, db, page_of

IN_HAND = (State.QUEUED, State.OPEN, State.ACKED, State.IN_PROGRESS)
WAITING = (State.WAITING_OWNER, State.PROPOSED)
_LOG_MOST = 40


def seen_by(reader: Reader) -> sa.ColumnElement[bool]:
    """Return the condition that a case may be seen: by the staff, by its household, or public."""
    if reader.staff:
        return sa.true()
    public = sa.and_(Case.ring != Ring.PRIVATE, Case.state.not_in(GONE))
    if reader.member is None:
        return public
    return sa.or_(public, Case.household_id == reader.member.household_id)


def threads(project_id: int, reader: Reader, wanted: ListFilter) -> Page[Any]:
    """Return a page of (case, category) that an owner may see, the latest words first."""
    household = reader.member.household_id if reader.member else 0
    statement = _narrowed(project_id, reader, wanted)
    too = sa.select(MeToo.case_id).where(
        MeToo.household_id == household, MeToo.project_id == project_id
    )
    conditions: Mapping[str, sa.ColumnElement[bool]] = {
        "mine": Case.household_id == household,
        "too": sa.and_(Case.id.in_(too), Case.household_id != household),
        "open": Case.state.in_(LIVE),
        "closed": Case.state.in_(CLOSED),
        "risen": Case.level > 0,
    }
    if wanted.show:
        statement = statement.where(conditions[wanted.show])
    return page_of(statement, Case.active_at, Case.id, descending=True)


def queue(project_id: int, reader: Reader, wanted: ListFilter, account_id: int) -> Page[Any]:
    """Return a page of (case, category) for the staff: what is due first comes first."""
    statement = _narrowed(project_id, reader, wanted)
    if wanted.level:
        statement = statement.where(Case.level == int(wanted.level))
    if wanted.who == "me":
        statement = statement.where(Case.assignee_id == account_id)
    elif wanted.who == "none":
        statement = statement.where(Case.assignee_id.is_(None))
    if wanted.show == "closed":
        statement = statement.where(Case.state.not_in(LIVE))
        return page_of(statement, Case.active_at, Case.id, descending=True)
    if wanted.show == "all":
        return page_of(statement, Case.active_at, Case.id, descending=True)
    if wanted.show == "waiting":
        statement = statement.where(Case.state.in_(WAITING))
        return page_of(statement, Case.waits_until, Case.id)
    return page_of(statement.where(Case.state.in_(IN_HAND)), Case.due_at, Case.id)


def _narrowed(project_id: int, reader: Reader, wanted: ListFilter) -> sa.Select[Any]:
    statement = (
        sa.select(Case, Category)
        .join(Category, Category.id == Case.category_id)
        .where(Case.project_id == project_id, seen_by(reader))
    )
    if wanted.category:
        statement = statement.where(Category.key == wanted.category)
    if wanted.search:
        if not reader.staff:
            household = reader.member.household_id if reader.member else 0
            unveiled = sa.or_(Case.veil == Veil.NONE, Case.household_id == household)
            statement = statement.where(unveiled)
        statement = statement.where(*matching(project_id, wanted.search))
    return statement


@dataclass(frozen=True)
class Whole:
    """A case with category, clocks of its present turn, promises; whether the reader joined it, and
    hears of it."""

    case: Case
    category: Category
    clocks: Sequence[Clock]
    joined: bool
    follows: bool
    promises: Sequence[Promise]


def find(project_id: int, reader: Reader, public_id: str) -> Case | None:
    """Return a case of this project that the reader may see."""
    return db.session.scalar(
        sa.select(Case).where(
            Case.public_id == public_id, Case.project_id == project_id, seen_by(reader)
        )
    )


def find_whole(project_id: int, reader: Reader, public_id: str) -> Whole | None:
    """Return a case that the reader may see, with what stands beside it, in one statement."""
    household = reader.member.household_id if reader.member else 0
    newer = aliased(Clock)
    latest = ~sa.exists().where(
        newer.case_id == Clock.case_id, newer.kind == Clock.kind, newer.turn > Clock.turn
    )
    member = reader.member.id if reader.member else 0
    joined = sa.exists().where(MeToo.case_id == Case.id, MeToo.household_id == household)
    follows = sa.exists().where(Follow.case_id == Case.id, Follow.member_id == member)
    rows = db.session.execute(
        sa.select(Case, Category, Clock, joined, follows, Promise)
        .join(Category, Category.id == Case.category_id)
        .outerjoin(Clock, sa.and_(Clock.case_id == Case.id, latest))
        .outerjoin(Promise, Promise.case_id == Case.id)
        .where(Case.public_id == public_id, Case.project_id == project_id, seen_by(reader))
    ).all()
    if not rows:
        return None
    order = ("first_reply", "update", "resolution")
    clocks = sorted({row[2] for row in rows if row[2]}, key=lambda each: order.index(each.kind))
    promises = sorted({row[5] for row in rows if row[5]}, key=lambda each: each.due_on)
    case, category, _clock, joins, follows_it, _promise = rows[0]
    return Whole(case, category, clocks, bool(joins), bool(follows_it), promises)


def posts(case: Case, *, notes: bool) -> Page[Any]:
    """Return a page of (post, the post that it quotes), the oldest first; notes for staff only."""
    quoted = aliased(Post)
    statement = (
        sa.select(Post, quoted)
        .outerjoin(quoted, quoted.id == Post.quote_id)
        .where(Post.case_id == case.id)
    )
    if not notes:
        statement = statement.where(Post.kind != Kind.NOTE)
    return page_of(statement, Post.created_at, Post.id)


def post(case: Case, public_id: str) -> Post | None:
    """Return a post of a case that owners may see."""
    return db.session.scalar(
        sa.select(Post).where(
            Post.public_id == public_id, Post.case_id == case.id, Post.kind != Kind.NOTE
        )
    )


def log_of(case: Case) -> Sequence[LogEntry]:
    """Return the newest steps of a case."""
    mine = sa.select(LogEntry).where(LogEntry.case_id == case.id)
    return db.session.scalars(mine.order_by(LogEntry.seq.desc()).limit(_LOG_MOST)).all()


def merged_into(case: Case) -> Case | None:
    """Return the complaint that one was joined into; a case that runs costs no statement."""
    return db.session.get(Case, case.merged_into_id) if case.merged_into_id else None


def has_unsealed(case: Case, account_id: int) -> bool:
    """Tell whether an account has looked up who complained."""
    mine = sa.exists().where(
        LogEntry.case_id == case.id, LogEntry.step == "unseal", LogEntry.account_id == account_id
    )
    return bool(db.session.scalar(sa.select(mine)))


def edits(case: Case, reader: Reader) -> Sequence[Edit]:
    """Return what was said before in a thread, the newest first; of hidden posts only one's own."""
    mine = sa.select(Edit).outerjoin(Post, Post.id == Edit.post_id).where(Edit.case_id == case.id)
    if not reader.staff:
        own = Edit.member_id == (reader.member.id if reader.member else 0)
        mine = mine.where(sa.or_(Edit.post_id.is_(None), Post.state == PostState.SHOWN, own))
    return db.session.scalars(mine.order_by(Edit.created_at.desc(), Edit.id.desc()).limit(50)).all()


def of_household(project_id: int, household_id: int) -> Sequence[Case]:
    """Return a household's live cases, those that wait for it first: one statement."""
    waits = sa.case((Case.state.in_(WAITING), 0), else_=1)
    mine = sa.select(Case).where(
        Case.household_id == household_id,
        Case.project_id == project_id,
        Case.state.in_(LIVE),
    )
    return db.session.scalars(mine.order_by(waits, Case.active_at.desc(), Case.id).limit(5)).all()


def similar(project_id: int, reader: Reader, title: str) -> Sequence[Case]:
    """Return at most three live cases that share a quarter of the words of a title."""
    found = text.grams(title)
    if not found:
        return []
    least = max(2, len(found) // 4)
    shared = (
        sa.select(Gram.case_id, sa.func.count().label("number"))
        .where(Gram.project_id == project_id, Gram.gram.in_(found), Gram.in_title.is_(True))
        .group_by(Gram.case_id)
        .having(sa.func.count() >= least)
        .subquery()
    )
    statement = (
        sa.select(Case)
        .join(shared, shared.c.case_id == Case.id)
        .where(Case.project_id == project_id, Case.state.in_(LIVE))
        .where(seen_by(reader), Case.veil == Veil.NONE)
        .order_by(shared.c.number.desc(), Case.active_at.desc(), Case.id.desc())
        .limit(3)
    )
    return db.session.scalars(statement).all()


def categories(project_id: int) -> Sequence[Category]:
    """Return the categories of a project, each parent before its own."""
    mine = sa.select(Category).where(Category.project_id == project_id, Category.active.is_(True))
    rows = db.session.scalars(mine.order_by(Category.position, Category.id).limit(100)).all()
    below: dict[int | None, list[Category]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    return [each for top in below.get(None, []) for each in (top, *below.get(top.id, []))]


def days(project_id: int) -> Sequence[DayRule]:
    """Return the days that are special here, the latest first."""
    mine = sa.select(DayRule).where(DayRule.project_id == project_id)
    return db.session.scalars(mine.order_by(DayRule.day.desc()).limit(200)).all()


def canned(project_id: int) -> Sequence[Canned]:
    """Return the texts that answers begin with."""
    mine = sa.select(Canned).where(Canned.project_id == project_id)
    return db.session.scalars(mine.order_by(Canned.step, Canned.title).limit(100)).all()


def figures(project_id: int, at: Any, soon: Any) -> tuple[int, int, int, int]:
    """Return how many cases are in hand, late, due soon, and waiting for their owner."""
    in_hand = Case.state.in_(IN_HAND)

    def many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    row = db.session.execute(
        sa.select(
            many(in_hand),
            many(sa.and_(in_hand, Case.due_at < at)),
            many(sa.and_(in_hand, Case.due_at >= at, Case.due_at <= soon)),
            many(Case.state.in_(WAITING)),
        ).where(Case.project_id == project_id, Case.state.in_((*IN_HAND, *WAITING)))
    ).one()
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])

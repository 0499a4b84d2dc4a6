"""Reading rule books and decisions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.earning.kinds import BookState, Outcome
from portal.earning.models import Backtest, Book, BookProposal, Decision, Rule
from portal.extensions import db
from portal.facts.models import Fact
from portal.jobs.models import JobRow
from portal.members.models import Member
from portal.pagination import Page, page_of
from portal.points.models import Budget, Transaction

SHOWN = ("given", "refused")


@dataclass(frozen=True)
class Judged:
    """A fact and what one rule made of it; `title` is the rule's, None when it was a draft's."""

    decision: Decision
    fact: Fact
    title: Mapping[str, str] | None


@dataclass(frozen=True)
class RuleRow:
    """A rule of a book with how often it gave, and how much, in all versions."""

    rule: Rule
    times: int
    points: int


@dataclass(frozen=True)
class Change:
    """A rule that differs between two books: either side is None where it is not there."""

    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def draft_book() -> Book | None:
    """Return the draft, if somebody writes one."""
    return db.session.scalar(sa.select(Book).where(Book.state == BookState.DRAFT))


@dataclass(frozen=True)
class Standing:
    """Where the rules stand: the draft with its proposal, and what was published last."""

    draft: Book | None = None
    proposal: BookProposal | None = None
    newest: Book | None = None


def standing() -> Standing:
    """Return the draft, its proposal and the newest published book: one statement."""
    newest = sa.select(sa.func.max(Book.version)).scalar_subquery()
    rows = db.session.execute(
        sa.select(Book, BookProposal)
        .outerjoin(BookProposal, BookProposal.book_id == Book.id)
        .where(sa.or_(Book.state == BookState.DRAFT, Book.version == newest))
        .execution_options(populate_existing=True)
    ).all()
    draft = next((row for row in rows if row[0].state == BookState.DRAFT), (None, None))
    last = next((row[0] for row in rows if row[0].state == BookState.PUBLISHED), None)
    return Standing(draft[0], draft[1], last)


def books() -> Page[Book]:
    """Return a page of the published books, the newest version first."""
    published = sa.select(Book).where(Book.state == BookState.PUBLISHED)
    return page_of(published.options(joinedload(Book.approved_by)), Book.version, descending=True)


def book_before(book: Book) -> Book | None:
    """Return the version before a published one."""
    return db.session.scalar(sa.select(Book).where(Book.version == (book.version or 0) - 1))


def find_book(public_id: str) -> Book | None:
    """Return a book by its public id."""
    return db.session.scalar(
        sa.select(Book).where(Book.public_id == public_id).options(joinedload(Book.approved_by))
    )


def find_rule(book: Book, key: str) -> Rule | None:
    """Return a rule of a book by its key."""
    return db.session.scalar(sa.select(Rule).where(Rule.book_id == book.id, Rule.key == key))


def rule_rows(book: Book) -> list[RuleRow]:
    """Return a book's rules by their key, with what each gave so far: one statement."""
    given = (
        sa.select(
            Decision.rule,
            sa.func.count().label("times"),
            sa.func.sum(Decision.amount).label("points"),
        )
        .where(Decision.outcome == Outcome.POSTED)
        .group_by(Decision.rule)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Rule, given.c.times, given.c.points)
        .outerjoin(given, given.c.rule == Rule.key)
        .where(Rule.book_id == book.id)
        .order_by(Rule.key)
    )
    return [RuleRow(rule, times or 0, int(points or 0)) for rule, times, points in rows]


def page_of_rows(book: Book, rows: Collection[RuleRow]) -> Page[RuleRow]:
    """Return a page of some of a book's rules, by their key."""
    found = {row.rule.key: row for row in rows}
    wanted = sa.select(Rule.key).where(Rule.book_id == book.id, Rule.key.in_(found))
    page = page_of(wanted, Rule.key)
    return replace(page, items=[found[key] for key in page.items])


def changes(before: Book | None, after: Book) -> list[Change]:
    """Return the rules in which two books differ, by their key."""
    ids = [book.id for book in (before, after) if book is not None]
    rows = db.session.execute(
        sa.select(Rule.book_id, Rule.key, Rule.definition).where(Rule.book_id.in_(ids))
    ).all()
    sides: dict[int, dict[str, Mapping[str, Any]]] = {book_id: {} for book_id in ids}
    for book_id, key, definition in rows:
        sides[book_id][key] = definition
    old = sides[before.id] if before is not None else {}
    new = sides[after.id]
    return [
        Change(key, old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def judged(member_id: int, show: str = "", **paging: Any) -> Page[Judged]:
    """Return a page of what rules made of facts about a member, the newest first."""
    statement = _judged(member_id)
    if show == "given":
        statement = statement.where(Decision.outcome == Outcome.POSTED)
    elif show == "refused":
        statement = statement.where(Decision.outcome != Outcome.POSTED)
    page = page_of(statement, Decision.created_at, Decision.id, descending=True, **paging)
    return Page(_rows(page.items), page.next_cursor, page.previous_cursor)


def judged_of(member_id: int, fact: str) -> list[Judged]:
    """Return what each rule made of one fact about a member, by its public id."""
    found = _judged(member_id).where(Fact.public_id == fact)
    return _rows(db.session.execute(found.order_by(Decision.rule, Decision.currency)))


def _judged(member_id: int) -> sa.Select[Any]:
    titled = sa.and_(Book.id == Rule.book_id, Rule.key == Decision.rule)
    title = (
        sa.select(Rule.definition)
        .join(Book, titled)
        .where(Book.version == Decision.version)
        .correlate(Decision)
        .scalar_subquery()
    )
    return (
        sa.select(Decision, Fact, title.label("definition"))
        .join(Fact, Fact.id == Decision.fact_id)
        .where(Decision.member_id == member_id)
    )


def _rows(rows: Iterable[Any]) -> list[Judged]:
    return [Judged(row[0], row[1], (row[2] or {}).get("title")) for row in rows]


def budgets(codes: Collection[str]) -> dict[str, Budget]:
    """Return budgets by their code."""
    if not codes:
        return {}
    rows = db.session.scalars(sa.select(Budget).where(Budget.code.in_(codes)))
    return {row.code: row for row in rows}


def accounts(ids: Collection[int]) -> dict[int, str]:
    """Return the names of accounts by their id."""
    if not ids:
        return {}
    rows = db.session.execute(
        sa.select(Account.id, Account.display_name).where(Account.id.in_(ids))
    )
    return {row.id: row.display_name for row in rows}


def postings_of(decisions: Collection[Decision]) -> dict[int, Transaction]:
    """Return the postings of decisions by their id."""
    ids = [each.posting_id for each in decisions if each.posting_id]
    if not ids:
        return {}
    rows = db.session.scalars(sa.select(Transaction).where(Transaction.id.in_(ids)))
    return {row.id: row for row in rows}


def find_backtest(public_id: str) -> Backtest | None:
    """Return a backtest by its public id."""
    return db.session.scalar(sa.select(Backtest).where(Backtest.public_id == public_id))


def backtests_of(book: Book) -> list[Backtest]:
    """Return the backtests of a book, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Backtest)
            .where(Backtest.book_id == book.id)
            .order_by(Backtest.created_at.desc(), Backtest.id.desc())
            .limit(20)
        )
    )


def progress_of(backtest: Backtest) -> tuple[int, int] | None:
    """Return how many facts of how many are replayed; None when it is over or not begun."""
    if backtest.result is not None:
        return None
    row = db.session.execute(
        sa.select(JobRow.done, JobRow.total).where(
            JobRow.key == f"earning.backtest:{backtest.public_id}"
        )
    ).first()
    return (row.done or 0, row.total) if row and row.total else None


def member_names(ids: Collection[int]) -> dict[int, str]:
    """Return how members are called, by their id."""
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Member.id, Member.name).where(Member.id.in_(ids)))
    return {row.id: row.name for row in rows}

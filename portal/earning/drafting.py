"""Writing a rule book: one draft at a time, published with a day and by somebody, then final."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.columns import new_public_id
from portal.earning.checks import Problem, problems_of
from portal.earning.formulas import milli
from portal.earning.kinds import BookState
from portal.earning.models import Backtest, Book, Rule
from portal.extensions import db
from portal.points.models import Budget

MOST_RULES = 200


class BookError(Exception):
    """The act is refused. `code`: draft_exists, not_a_draft, key_taken, too_many_rules,
    no_rules, problems, in_the_past, own_correction, note_needed, budget_given, published_meanwhile.
    """

    def __init__(self, code: str, problems: list[Problem] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.problems = problems or []


def newest_published() -> Book | None:
    """Return the book that was published last."""
    return db.session.scalars(
        sa.select(Book)
        .where(Book.state == BookState.PUBLISHED)
        .order_by(Book.version.desc())
        .limit(1)
    ).first()


def rules_of(book: Book) -> list[Rule]:
    """Return a book's rules by their key."""
    wanted = sa.select(Rule).where(Rule.book_id == book.id).order_by(Rule.key)
    return list(db.session.scalars(wanted))


def start_draft(*, actor: Account | None, base: Book | None = None) -> Book:
    """Begin a draft with the rules of `base`: the book published last, unless told otherwise.

    Raises BookError("draft_exists").
    """
    base = base or newest_published()
    draft = Book(maker_ids=[actor.id] if actor else [])
    try:
        with db.session.begin_nested():
            db.session.add(draft)
    except IntegrityError as error:
        raise BookError("draft_exists") from error
    if base is not None:
        for rule in db.session.scalars(sa.select(Rule).where(Rule.book_id == base.id)):
            db.session.add(_rule(draft, rule.definition))
    _audit(actor, "earning.draft_started", draft)
    db.session.flush()
    return draft


def save_rule(
    *, actor: Account | None, draft: Book, definition: Mapping[str, Any], old_key: str | None = None
) -> None:
    """Add a rule to the draft, or put it in the place of `old_key`.

    `definition` is as portal.earning.schema.load_rule returns it. Raises BookError: not_a_draft,
    key_taken, too_many_rules.
    """
    _change(actor, draft)
    key = definition["key"]
    if old_key is not None:
        _delete(draft, old_key)
    keys = set(db.session.scalars(sa.select(Rule.key).where(Rule.book_id == draft.id)))
    if key in keys:
        raise BookError("key_taken")
    if len(keys) >= MOST_RULES:
        raise BookError("too_many_rules")
    db.session.add(_rule(draft, definition))
    db.session.flush()
    _audit(actor, "earning.rule_saved", draft, {"rule": key})


def remove_rule(*, actor: Account | None, draft: Book, key: str) -> None:
    """Take a rule out of the draft: from the day when that is published, it gives nothing more.

    Raises BookError("not_a_draft").
    """
    _change(actor, draft)
    _delete(draft, key)
    _audit(actor, "earning.rule_retired", draft, {"rule": key})


def discard_draft(*, actor: Account | None, draft: Book) -> None:
    """Throw a draft away. Raises BookError("not_a_draft")."""
    _change(actor, draft)
    db.session.execute(sa.delete(Backtest).where(Backtest.book_id == draft.id))
    db.session.execute(sa.delete(Rule).where(Rule.book_id == draft.id))
    db.session.execute(sa.delete(Book).where(Book.id == draft.id, Book.state == BookState.DRAFT))
    _audit(actor, "earning.draft_discarded", draft)
    db.session.expunge(draft)


def publish(
    *, actor: Account | None, draft: Book, begins_on: date, note: str = "", correction: bool = False
) -> Book:
    """Make the draft the book of the club from `begins_on` on; `actor` approves it.

    A day in the past is refused unless it is a correction, with a note, approved by somebody who
    has not written it; what was posted already stays. Raises BookError: not_a_draft, no_rules,
    problems, in_the_past, note_needed, own_correction, budget_given, published_meanwhile.
    """
    today = clock.business_date(current_club().time_zone)
    retroactive = begins_on < today
    if retroactive and not correction:
        raise BookError("in_the_past")
    _lock(draft)
    if retroactive:
        _check_correction(actor, draft, note)
    definitions = db.session.scalars(
        sa.select(Rule.definition).where(Rule.book_id == draft.id).order_by(Rule.key)
    ).all()
    if not definitions and newest_published() is None:
        raise BookError("no_rules")
    problems = problems_of(definitions)
    if problems:
        raise BookError("problems", problems)
    _set_budgets(definitions)
    newest = newest_published()
    version = (newest.version or 0) + 1 if newest else 1
    draft.state, draft.version, draft.begins_on = BookState.PUBLISHED, version, begins_on
    draft.is_correction, draft.note = retroactive, note
    draft.approved_by_id, draft.published_at = actor.id if actor else None, clock.now()
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as error:
        raise BookError("published_meanwhile") from error
    facts = {"version": version, "begins_on": begins_on.isoformat(), "correction": retroactive}
    _audit(actor, "earning.published", draft, facts)
    return draft


def _check_correction(actor: Account | None, draft: Book, note: str) -> None:
    if not note.strip():
        raise BookError("note_needed")
    if actor is None or actor.id in draft.maker_ids:
        raise BookError("own_correction")


def _set_budgets(definitions: Any) -> None:
    """Make each campaign's budget as large as its rules say, never less than what is given."""
    totals = {
        each["budget"]["code"]: milli(each["budget"]["points"])
        for each in definitions
        if each.get("budget")
    }
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    for code, total in sorted(totals.items()):
        insert = dialect.insert(Budget.__table__).values(code=code, total=total, used=0)
        done = db.session.execute(
            insert.on_conflict_do_update(
                index_elements=["code"],
                set_={"total": total},
                where=Budget.__table__.c.used <= total,
            ).returning(Budget.__table__.c.id)
        ).first()
        if done is None:
            raise BookError("budget_given")


def _change(actor: Account | None, draft: Book) -> None:
    _lock(draft)
    if actor is not None and actor.id not in draft.maker_ids:
        draft.maker_ids = [*draft.maker_ids, actor.id]


def _lock(draft: Book) -> None:
    """Lock the draft, so that it is not published while it changes. Raises BookError."""
    state = db.session.scalar(sa.select(Book.state).where(Book.id == draft.id).with_for_update())
    if state != BookState.DRAFT:
        raise BookError("not_a_draft")
    db.session.refresh(draft)


def _delete(draft: Book, key: str) -> None:
    db.session.execute(sa.delete(Rule).where(Rule.book_id == draft.id, Rule.key == key))


def _rule(draft: Book, definition: Mapping[str, Any]) -> Rule:
    return Rule(
        public_id=new_public_id(),
        book_id=draft.id,
        key=definition["key"],
        source=definition["source"],
        definition=dict(definition),
    )


def _audit(
    actor: Account | None, action: str, book: Book, facts: Mapping[str, Any] | None = None
) -> None:
    record(
        actor=actor,
        action=action,
        subject=("earning_book", book.public_id),
        project_id=None,
        facts=dict(facts or {}),
    )

"""Writing a rule book: one draft at a time, which is proposed and published in its own module."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import new_public_id
from portal.earning.checks import Problem
from portal.earning.kinds import BookState
from portal.earning.models import Backtest, Book, BookProposal, Rule
from portal.extensions import db

MOST_RULES = 200


class BookError(Exception):
    """The act is refused. `code`: draft_exists, not_a_draft, key_taken, too_many_rules, and those
    of portal.earning.publishing."""

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
    audit(actor, "earning.draft_started", draft)
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
    audit(actor, "earning.rule_saved", draft, {"rule": key})


def remove_rule(*, actor: Account | None, draft: Book, key: str) -> None:
    """Take a rule out of the draft: from the day when that is published, it gives nothing more.

    Raises BookError("not_a_draft").
    """
    _change(actor, draft)
    _delete(draft, key)
    audit(actor, "earning.rule_retired", draft, {"rule": key})


def discard_draft(*, actor: Account | None, draft: Book) -> None:
    """Throw a draft away. Raises BookError("not_a_draft")."""
    _change(actor, draft)
    db.session.execute(sa.delete(Backtest).where(Backtest.book_id == draft.id))
    db.session.execute(sa.delete(Rule).where(Rule.book_id == draft.id))
    db.session.execute(sa.delete(Book).where(Book.id == draft.id, Book.state == BookState.DRAFT))
    audit(actor, "earning.draft_discarded", draft)
    db.session.expunge(draft)


def _change(actor: Account | None, draft: Book) -> None:
    """Lock the draft and note who writes in it; what was proposed of it is to be proposed anew."""
    lock(draft)
    db.session.execute(sa.delete(BookProposal).where(BookProposal.book_id == draft.id))
    if actor is not None and actor.id not in draft.maker_ids:
        draft.maker_ids = [*draft.maker_ids, actor.id]


def lock(draft: Book) -> None:
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


def audit(
    actor: Account | None, action: str, book: Book, facts: Mapping[str, Any] | None = None
) -> None:
    """Note an act on a book in the audit trail."""
    record(
        actor=actor,
        action=action,
        subject=("earning_book", book.public_id),
        project_id=None,
        facts=dict(facts or {}),
    )

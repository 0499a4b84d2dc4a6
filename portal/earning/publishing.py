"""Putting a rule book in force: proposed from a day on, published by a second person."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.club.queries import current_club
from portal.earning.checks import problems_of
from portal.earning.drafting import BookError, audit, lock, newest_published
from portal.earning.formulas import milli
from portal.earning.kinds import BookState
from portal.earning.models import Book, BookProposal, Rule
from portal.extensions import db
from portal.points.models import Budget


def proposal_of(draft: Book) -> BookProposal | None:
    """Return what is proposed of a draft, read anew."""
    return db.session.get(BookProposal, draft.id, populate_existing=True)


def propose(
    *, actor: Account, draft: Book, begins_on: date, note: str = "", correction: bool = False
) -> BookProposal:
    """Ask a colleague to publish the draft from `begins_on` on; a second time replaces the first.

    A day in the past is refused unless it is a correction, with a note. Raises BookError:
    not_a_draft, no_rules, problems, in_the_past, note_needed.
    """
    lock(draft)
    retroactive = _check(draft, begins_on, note, correction=correction)
    db.session.execute(sa.delete(BookProposal).where(BookProposal.book_id == draft.id))
    proposal = BookProposal(
        book_id=draft.id,
        begins_on=begins_on,
        is_correction=retroactive,
        note=note,
        made_by_id=actor.id,
    )
    db.session.add(proposal)
    db.session.flush()
    facts = {"begins_on": begins_on.isoformat(), "correction": retroactive}
    audit(actor, "earning.proposed", draft, facts)
    return proposal


def publish(*, actor: Account, draft: Book, seen: str) -> Book:
    """Publish what a colleague proposed, from its day on.

    `seen`: which proposal the actor has read, by its moment (ISO). A correction needs somebody who
    wrote nothing in the draft; what was posted already stays. Raises BookError: not_a_draft,
    not_proposed, proposed_anew, own_proposal, own_correction, in_the_past, problems, budget_given,
    published_meanwhile.
    """
    lock(draft)
    proposal = proposal_of(draft)
    if proposal is None:
        raise BookError("not_proposed")
    if proposal.made_by_id == actor.id:
        raise BookError("own_proposal")
    if proposal.created_at.isoformat() != seen:
        raise BookError("proposed_anew")
    proposal.decided_by_id, proposal.decided_at = actor.id, clock.now()
    return _put_in_force(
        actor,
        draft,
        begins_on=proposal.begins_on,
        note=proposal.note,
        correction=proposal.is_correction,
    )


def withdraw(*, actor: Account, draft: Book) -> None:
    """Take a proposal back, or send it back to who made it. Raises BookError: not_a_draft,
    not_proposed."""
    lock(draft)
    proposal = proposal_of(draft)
    if proposal is None:
        raise BookError("not_proposed")
    db.session.delete(proposal)
    db.session.flush()
    audit(actor, "earning.proposal_withdrawn", draft)


def install(
    *, actor: Account | None, draft: Book, begins_on: date, note: str = "", correction: bool = False
) -> Book:
    """Publish a draft at once, as a club's file does: the operator's way.

    A correction needs somebody who wrote nothing in the draft, here too. Raises BookError.
    """
    lock(draft)
    return _put_in_force(actor, draft, begins_on=begins_on, note=note, correction=correction)


def _put_in_force(
    actor: Account | None, draft: Book, *, begins_on: date, note: str, correction: bool
) -> Book:
    retroactive = _check(draft, begins_on, note, correction=correction)
    if retroactive and (actor is None or actor.id in draft.maker_ids):
        raise BookError("own_correction")
    _set_budgets(_definitions(draft))
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
    audit(actor, "earning.published", draft, facts)
    return draft


def _check(draft: Book, begins_on: date, note: str, *, correction: bool) -> bool:
    """Refuse a draft that cannot count from a day on; tell whether that lies in the past."""
    retroactive = begins_on < clock.business_date(current_club().time_zone)
    if retroactive and not correction:
        raise BookError("in_the_past")
    if retroactive and not note.strip():
        raise BookError("note_needed")
    definitions = _definitions(draft)
    if not definitions and newest_published() is None:
        raise BookError("no_rules")
    problems = problems_of(definitions)
    if problems:
        raise BookError("problems", problems)
    return retroactive


def _definitions(draft: Book) -> list[Any]:
    wanted = sa.select(Rule.definition).where(Rule.book_id == draft.id).order_by(Rule.key)
    return list(db.session.scalars(wanted))


def _set_budgets(definitions: list[Any]) -> None:
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

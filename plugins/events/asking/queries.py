"""What parties answered and chose, read with their registrations: no statement of its own."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import joinedload, with_expression
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql.functions import GenericFunction

from plugins.events.asking.answers import Typed, as_typed, field_key, shown
from plugins.events.asking.models import Answer
from plugins.events.asking.questions import Per, Question, all_questions
from plugins.events.models import Counted, Event, Occurrence, Quota, Registration, SeatRow
from plugins.events.states import BEFORE_BEGIN, Counts, Seat
from portal.sdk import Page, UtcDateTime, db, localized, ngettext, page_of


class json_rows(GenericFunction[Any]):  # noqa: N801 a function of SQL
    """An array of arrays: one for each row, of the values given."""

    type = sa.JSON()
    inherit_cache = True


@compiles(json_rows, "sqlite")
def _of_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def _of_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))"


@dataclass(frozen=True)
class Said:
    """An answer as pages show it; `who`: of one person. What a party chose is told likewise."""

    title: str
    text: str
    who: str = ""


def with_said() -> tuple[ORMOption, ORMOption]:
    """Return what a select of registrations needs to bring along what each chose and answered."""
    answers = (
        sa.select(json_rows(Answer.question, Answer.seat_id, SeatRow.name, Answer.value))
        .select_from(Answer)
        .outerjoin(SeatRow, SeatRow.id == Answer.seat_id)
        .where(Answer.registration_id == Registration.id)
        .correlate(Registration)
    )
    chosen = (
        sa.select(json_rows(Quota.key, Quota.title, Counted.seats))
        .select_from(Counted)
        .join(Quota, Quota.id == Counted.quota_id)
        .where(Counted.registration_id == Registration.id, Quota.counts == Counts.CHOSEN)
        .correlate(Registration)
    )
    return (
        with_expression(Registration.answers, answers.scalar_subquery()),
        with_expression(Registration.chosen, chosen.scalar_subquery()),
    )


def said_by(parties: Collection[Registration], event: Event) -> dict[int, list[Said]]:
    """Return what parties chose and answered, by the id of the registration; they were read with
    `with_said`."""
    return {each.id: [*_chosen(each), *_answered(each, event)] for each in parties}


def _chosen(found: Registration) -> list[Said]:
    return [
        Said(localized(_texts(title)), ngettext("%(num)d person", "%(num)d persons", seats))
        for _key, title, seats in sorted(found.chosen or ())
    ]


def _answered(found: Registration, event: Event) -> list[Said]:
    return [
        Said(localized(question.title), shown(question, value), name or "")
        for question, name, value in _in_order(found, event)
    ]


def _in_order(found: Registration, event: Event) -> list[tuple[Question, str | None, str]]:
    questions = {each.key: (at, each) for at, each in enumerate(all_questions(event))}
    rows = [
        (questions[key][0], seat_id or 0, questions[key][1], name, value)
        for key, seat_id, name, value in found.answers or ()
        if key in questions
    ]
    return [row[2:] for row in sorted(rows, key=lambda row: row[:2])]


def _texts(title: Any) -> Mapping[str, str]:
    texts: Mapping[str, str] = json.loads(title) if isinstance(title, str) else title
    return texts


def columns_of(occurrence: Occurrence) -> tuple[list[Question], dict[tuple[int, str], str]]:
    """Return the questions for a table, and what each party said, by the id of the registration
    and the question's key."""
    event = occurrence.event
    mine = sa.select(Registration).where(Registration.occurrence_id == occurrence.id)
    fresh = mine.options(*with_said()).execution_options(populate_existing=True)
    texts: dict[tuple[int, str], list[str]] = {}
    for each in db.session.scalars(fresh):
        for question, name, value in _in_order(each, event):
            text = shown(question, value)
            said = f"{name or '—'}: {text}" if question.per == Per.PERSON else text
            texts.setdefault((each.id, question.key), []).append(said)
    used = {key for _number, key in texts}
    asked = [each for each in all_questions(event) if each.key in used or not each.retired]
    return asked, {key: "\n".join(each) for key, each in texts.items()}


def typed_by(found: Registration, event: Event, keys: Mapping[int, str]) -> Typed:
    """Return a party's answers as a form has them; `keys`: of persons, by the id of their seat."""
    questions = {each.key: each for each in all_questions(event)}
    mine = sa.select(Answer).where(Answer.registration_id == found.id)
    rows: Sequence[Answer] = db.session.scalars(mine).all()
    return {
        field_key(questions[each.question], keys.get(each.seat_id or 0, "")): as_typed(
            questions[each.question], each.value
        )
        for each in rows
        if each.question in questions
    }


def answered(event: Event) -> Mapping[str, int]:
    """Return how many answers each question has, by its key."""
    keys = [each.key for each in all_questions(event)]
    rows = db.session.execute(
        sa.select(Answer.question, sa.func.count(Answer.id))
        .join(Registration, Registration.id == Answer.registration_id)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .where(Answer.question.in_(keys), Occurrence.event_id == event.id)
        .group_by(Answer.question)
    )
    return {row[0]: row[1] for row in rows}


def asking_activities(project_id: int) -> Page[Any]:
    """Return a page of (activity, parties that ask, since when) of a project, the next first."""
    asking = (
        sa.select(
            Registration.occurrence_id,
            sa.func.count().label("parties"),
            sa.func.min(Registration.created_at, type_=UtcDateTime).label("since"),
        )
        .where(Registration.project_id == project_id, Registration.state == Seat.PENDING)
        .group_by(Registration.occurrence_id)
        .subquery()
    )
    mine = (
        sa.select(Occurrence, asking.c.parties, asking.c.since)
        .join(asking, asking.c.occurrence_id == Occurrence.id)
        .where(Occurrence.project_id == project_id, Occurrence.state.in_(BEFORE_BEGIN))
        .options(joinedload(Occurrence.event))
    )
    return page_of(mine, Occurrence.starts_at, Occurrence.id)

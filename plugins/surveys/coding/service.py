"""Code books grow, seats are taken, and texts are sorted; nothing of it is deleted."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.items import Item
from plugins.surveys.models import Ballot, Code, Coder, Coding, SideAnswer, Wave
from plugins.surveys.models.coding import DECIDER, FIRST, SECOND
from plugins.surveys.states import SEALED
from portal.sdk import db, record

MOST_CODES = 60


def add_code(*, actor: Any, wave: Wave, question: str, title: Mapping[str, str]) -> Code:
    """Add a code to the book of a question, for all waves of the survey. Raises SurveyError."""
    mine = (Code.survey_id == wave.survey_id, Code.question == question)
    last = db.session.scalar(sa.select(sa.func.max(Code.number)).where(*mine)) or 0
    if last >= MOST_CODES:
        raise _refused("BOOK_FULL", wave)
    code = Code(
        survey_id=wave.survey_id,
        project_id=wave.project_id,
        question=question,
        number=last + 1,
        title=dict(title),
        made_by=actor.id,
    )
    try:
        with db.session.begin_nested():
            db.session.add(code)
    except sa.exc.IntegrityError as error:
        raise _refused("STALE", wave) from error
    _record(actor, "code_made", wave, question=question, code=code.number)
    return code


def retire_code(*, actor: Any, wave: Wave, code: Code, retired: bool) -> None:
    """Take a code out of use, or back into it; what was sorted by it stays."""
    code.retired = retired
    act = "code_retired" if retired else "code_back"
    _record(actor, act, wave, question=code.question, code=code.number)


def take_seat(*, actor: Any, wave: Wave, item: int, deciding: bool) -> Coder:
    """Take a free seat at a question, or return one's own: three seats, three persons.

    Raises SurveyError: NOT_SEALED, SEATS_TAKEN.
    """
    if wave.state not in SEALED:
        raise _refused("NOT_SEALED", wave)
    mine = sa.select(Coder).where(Coder.wave_id == wave.id, Coder.item == item)
    taken = {each.seat: each for each in db.session.scalars(mine)}
    own = next((each for each in taken.values() if each.account_id == actor.id), None)
    if own is not None:
        return own
    wanted = (DECIDER,) if deciding else (FIRST, SECOND)
    seat = next((each for each in wanted if each not in taken), None)
    if seat is None:
        raise _refused("SEATS_TAKEN", wave)
    coder = Coder(
        wave_id=wave.id, project_id=wave.project_id, item=item, seat=seat, account_id=actor.id
    )
    try:
        with db.session.begin_nested():
            db.session.add(coder)
    except sa.exc.IntegrityError as error:
        raise _refused("STALE", wave) from error
    _record(actor, "seat_taken", wave, item=item, seat=seat)
    return coder


def sort_texts(
    *, actor: Any, wave: Wave, item: Item, seat: int, codes: Mapping[int, int | None]
) -> int:
    """Sort texts at a seat: {ballot id: code's id, None where no code fits}; return how many.

    Raises SurveyError: NOT_SEALED; UNKNOWN_TEXT for a ballot or code of another; BOTH_SORTED for
    a text that the other one has sorted as well; STALE.
    """
    if wave.state not in SEALED:
        raise _refused("NOT_SEALED", wave)
    _check_known(wave, item, codes)
    before = _before(item.position, codes)
    fresh = []
    for ballot, code in codes.items():
        seats = before.get(ballot, {})
        if seat in seats:
            _correct(wave, seats, seat, code)
            continue
        if seat == DECIDER and not _differ(seats):
            raise _refused("BOTH_SORTED", wave)
        values = {"ballot_id": ballot, "item": item.position, "seat": seat, "code_id": code}
        fresh.append(values | {"project_id": wave.project_id})
    try:
        with db.session.begin_nested():
            if fresh:
                db.session.execute(sa.insert(Coding), fresh)
    except sa.exc.IntegrityError as error:
        raise _refused("STALE", wave) from error
    _record(actor, "texts_sorted", wave, item=item.position, seat=seat, texts=len(codes))
    return len(codes)


def _check_known(wave: Wave, item: Item, codes: Mapping[int, int | None]) -> None:
    texts = (
        sa.select(sa.func.count())
        .select_from(SideAnswer)
        .join(Ballot, Ballot.id == SideAnswer.ballot_id)
        .where(
            Ballot.wave_id == wave.id,
            SideAnswer.item == item.position,
            SideAnswer.kind == "text",
            SideAnswer.value != "",
            SideAnswer.ballot_id.in_(codes),
        )
    )
    wanted = {code for code in codes.values() if code is not None}
    known = sa.select(sa.func.count(Code.id)).where(
        Code.survey_id == wave.survey_id,
        Code.question == item.question.key,
        Code.id.in_(wanted),
    )
    if db.session.scalar(texts) != len(codes) or db.session.scalar(known) != len(wanted):
        raise _refused("UNKNOWN_TEXT", wave)


def _before(item: int, codes: Mapping[int, int | None]) -> dict[int, dict[int, Coding]]:
    found: dict[int, dict[int, Coding]] = {}
    mine = sa.select(Coding).where(Coding.item == item, Coding.ballot_id.in_(codes))
    for each in db.session.scalars(mine):
        found.setdefault(each.ballot_id, {})[each.seat] = each
    return found


def _correct(wave: Wave, seats: Mapping[int, Coding], seat: int, code: int | None) -> None:
    """Change one's own code, as long as the other has not sorted the text."""
    own = seats[seat]
    if own.code_id == code:
        return
    if seat != DECIDER and {FIRST, SECOND} <= seats.keys():
        raise _refused("BOTH_SORTED", wave)
    own.code_id = code


def _differ(seats: Mapping[int, Coding]) -> bool:
    return {FIRST, SECOND} <= seats.keys() and seats[FIRST].code_id != seats[SECOND].code_id


def _refused(code: str, wave: Wave) -> SurveyError:
    return SurveyError(code, state=wave.state, version=wave.version)


def _record(actor: Any, act: str, wave: Wave, **facts: object) -> None:
    record(
        actor=actor,
        action=f"surveys.{act}",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts=facts,
    )

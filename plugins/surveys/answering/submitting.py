"""Taking an answer: one transaction, which the caller commits, and which leaves all or nothing.

Of an anonymous wave it writes no time, no member, no event, no audit line and no key: the line of
the frame is marked, and a ballot with a random id lies elsewhere.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.surveys.answering import photos
from plugins.surveys.answering.finding import Found
from plugins.surveys.answering.pressure import Seen, signs_of
from plugins.surveys.answering.standing import refusal
from plugins.surveys.answering.strata import cell_of
from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.answers import Side, SideKind, Taken, take
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import items
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.instrument.problems import Problem
from plugins.surveys.models import Ballot, Draft, Forged, Participation, Quota, SideAnswer, Wave
from plugins.surveys.states import Mode
from portal.sdk import MemberRef, PointsError, ProjectRef, db, earn_points, record_fact

_log = logging.getLogger(__name__)

SOURCE = "surveys.answered"
_MILLIONTHS = 1_000_000
_ID_BITS = 62


class AnswersError(SurveyError):
    """Some answers do not fit; `problems` tells which and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("BAD_ANSWERS")
        self.problems = tuple(problems)


def submit(
    *,
    found: Found,
    member: MemberRef,
    project: ProjectRef,
    given: Mapping[str, object],
    at: datetime,
    begun_at: datetime | None = None,
    language: str = "",
    seen: Seen | None = None,
) -> Taken:
    """Take an answer, once for each line of the frame, whoever else tries at the same time.

    Raises AnswersError, SurveyError: ANSWERED, OVER, PAUSED, NOT_OPEN, QUOTA_FULL.
    """
    wave, asked = _locked(found)
    code = refusal(wave, asked, at, begun_at)
    if code:
        raise SurveyError(code, state=wave.state, version=wave.version)
    taken = take(read(wave.instrument), given)
    if taken.problems:
        raise AnswersError(taken.problems)
    files = _files(wave, asked, member, taken)
    told: dict[str, Any] = {}
    if wave.named:
        told = {"submitted_at": at, "language": language}
        told["flags"] = _signs(wave, taken, seen, at, begun_at)
    ballot_id = _put_ballot(wave, asked, taken, told, files)
    _mark(wave, asked, member, ballot_id)
    _take_quotas(wave, asked)
    for key in taken.dropped:
        _count_forged(wave, key)
    db.session.execute(sa.delete(Draft).where(Draft.participation_id == asked.id))
    if wave.named and wave.points:
        _pay(wave, asked, member, project)
    return taken


def _locked(found: Found) -> tuple[Wave, Participation]:
    """Read the wave and the line anew; nobody closes the wave before this transaction ends."""
    fresh = {"populate_existing": True}
    wave = db.session.scalars(
        sa.select(Wave).where(Wave.id == found.wave.id).with_for_update(read=True),
        execution_options=fresh,
    ).one()
    asked = db.session.scalars(
        sa.select(Participation).where(Participation.id == found.asked.id),
        execution_options=fresh,
    ).one()
    return wave, asked


def _files(wave: Wave, asked: Participation, member: MemberRef, taken: Taken) -> Mapping[str, int]:
    """Return the files of the photos, and refuse an answer that names others."""
    instrument = read(wave.instrument)
    if all(each.kind != Kind.PHOTO for each in instrument.questions):
        return {}
    files = photos.settle(asked.public_id, member, taken.side)
    keys = {item.position: item.question.key for item in items(instrument)}
    lost = [
        Problem(keys[each.position], "lost_photo")
        for each in taken.side
        if each.kind == SideKind.PHOTO and each.value not in files
    ]
    if lost:
        raise AnswersError(lost)
    return files


def _signs(
    wave: Wave, taken: Taken, seen: Seen | None, at: datetime, begun_at: datetime | None
) -> int:
    found = signs_of(
        wave=wave,
        items=items(read(wave.instrument)),
        positions=taken.positions,
        seen=seen or Seen(),
        at=at,
        begun_at=begun_at,
    )
    return int(found)


def _put_ballot(
    wave: Wave,
    asked: Participation,
    taken: Taken,
    told: Mapping[str, Any],
    files: Mapping[str, int],
) -> int:
    stage, building, tier = cell_of(wave, asked)
    ballot_id = secrets.randbits(_ID_BITS) + 1
    db.session.execute(
        sa.insert(Ballot).values(
            id=ballot_id,
            wave_id=wave.id,
            named=wave.named,
            project_id=wave.project_id,
            positions=list(taken.positions),
            stage=stage,
            building=building,
            tier=tier,
            **told,
        )
    )
    rows = [_side(ballot_id, wave.project_id, each, files) for each in taken.side]
    if rows:
        db.session.execute(sa.insert(SideAnswer), rows)
    return ballot_id


def _side(ballot_id: int, project_id: int, side: Side, files: Mapping[str, int]) -> dict[str, Any]:
    number = int(Decimal(side.value) * _MILLIONTHS) if side.kind == "number" else None
    return {
        "ballot_id": ballot_id,
        "item": side.position,
        "project_id": project_id,
        "kind": side.kind.value,
        "value": "" if number is not None else side.value,
        "number": number,
        "file_id": files[side.value] if side.kind == SideKind.PHOTO else None,
    }


def _mark(wave: Wave, asked: Participation, member: MemberRef, ballot_id: int) -> None:
    """Mark the line as answered, if it is not: of many at once, one gets here."""
    named: dict[str, Any] = {"ballot_id": ballot_id} if wave.named else {}
    if wave.mode == Mode.IDENTIFIED:
        named["answered_by"] = member.id
    done = db.session.execute(
        sa.update(Participation)
        .where(Participation.id == asked.id, Participation.answered.is_(False))
        .values(answered=True, **named)
        .execution_options(synchronize_session=False)
    )
    if not getattr(done, "rowcount", 0):
        raise SurveyError("ANSWERED", state=wave.state, version=wave.version)


def _take_quotas(wave: Wave, asked: Participation) -> None:
    """Take a place of every quota that the line falls under, in one order against deadlocks."""
    quotas = db.session.execute(
        sa.select(Quota.id, Quota.field, Quota.value)
        .where(Quota.wave_id == wave.id)
        .order_by(Quota.id)
    )
    for quota_id, field, value in quotas.all():
        if getattr(asked, field) != value:
            continue
        done = db.session.execute(
            sa.update(Quota)
            .where(Quota.id == quota_id, Quota.taken < Quota.most)
            .values(taken=Quota.taken + 1)
            .execution_options(synchronize_session=False)
        )
        if not getattr(done, "rowcount", 0):
            raise SurveyError("QUOTA_FULL", state=wave.state, version=wave.version)


def _count_forged(wave: Wave, key: str) -> None:
    """Count an answer to a question that was not shown; whose it was is not kept.

    The log has a line of it where answers have names: in an anonymous wave a line is a moment.
    """
    if wave.named:
        _log.warning("dropped an answer to a hidden question: wave %s, %s", wave.public_id, key)
    more = (
        sa.update(Forged)
        .where(Forged.wave_id == wave.id, Forged.item == key)
        .values(count=Forged.count + 1)
        .execution_options(synchronize_session=False)
    )
    if getattr(db.session.execute(more), "rowcount", 0):
        return
    row = {"wave_id": wave.id, "item": key, "project_id": wave.project_id, "count": 1}
    try:
        with db.session.begin_nested():
            db.session.execute(sa.insert(Forged).values(row))
    except IntegrityError:
        # Somebody else was the first meanwhile.
        db.session.execute(more)


def _pay(wave: Wave, asked: Participation, member: MemberRef, project: ProjectRef) -> None:
    """Give the points of a wave with names at once; the key is the line's, so never twice."""
    try:
        with db.session.begin_nested():
            earn_points(
                member=member,
                amount=wave.points,
                key=f"surveys:answered:{asked.public_id}",
                source=SOURCE,
                project=project,
                facts={"wave": wave.public_id},
            )
            record_fact(source=SOURCE, key=asked.public_id, member=member, project=project)
            db.session.execute(
                sa.update(Participation)
                .where(Participation.id == asked.id)
                .values(rewarded=True)
                .execution_options(synchronize_session=False)
            )
    except PointsError:
        # Somebody objects to the posting: the answer counts all the same, the job tries again.
        return

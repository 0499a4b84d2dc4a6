"""What a draw does: seats are held for who is drawn, the others wait in the drawn order."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.events.ballot.models import DrawEntry
from plugins.events.booking import end_registration
from plugins.events.errors import EventError
from plugins.events.models import Counted, Occurrence, Quota, Registration, SeatRow
from plugins.events.policy import Terms, offer_ends
from plugins.events.registering import accept
from plugins.events.seats import take_seats
from plugins.events.states import QueueRule, Seat
from plugins.events.telling import tell
from portal.sdk import JobRun, ProjectRef, db, find_members, find_projects, now, plugin_settings

_BATCH, _AT_ONCE = 20, 500
_NEWS = {
    Seat.HELD: "events.drawn",
    Seat.WAITING: "events.drawn_later",
    Seat.NOT_DRAWN: "events.not_drawn",
}


def give_seats(
    occurrence: Occurrence,
    quotas: list[Quota],
    project: ProjectRef,
    drawn: Sequence[tuple[str, bool]],
    at: datetime,
) -> None:
    """Hold the seats of who is drawn until a deadline; let the others wait in the drawn order, or
    end their entries where there is no waiting list. The quotas are locked."""
    rows = db.session.execute(
        sa.select(DrawEntry.public_id, DrawEntry.id, DrawEntry.registration_id).where(
            DrawEntry.occurrence_id == occurrence.id
        )
    )
    ids = {row[0]: (row[1], row[2]) for row in rows}
    places = [
        {"id": ids[key][0], "place": place, "won": won} for place, (key, won) in enumerate(drawn, 1)
    ]
    won = [ids[key][1] for key, has_won in drawn if has_won]
    lost = [ids[key][1] for key, has_won in drawn if not has_won]
    for some in _slices(places):
        db.session.execute(sa.update(DrawEntry), some)
    take_seats(quotas, _seats_of(occurrence, set(won)), held=True)
    hours = plugin_settings("events", project)["offer_hours"]
    _lead(won, Seat.HELD, [{"offer_until": offer_ends(occurrence, at, hours)}] * len(won))
    if occurrence.queue_rule != QueueRule.NONE:
        # Microseconds keep the drawn order; who joins the list later comes after them.
        order = [{"queued_at": at + timedelta(microseconds=n)} for n in range(len(lost))]
        _lead(lost, Seat.WAITING, order)
        return
    for number in lost:
        each = db.session.get_one(Registration, number, populate_existing=True)
        end_registration(each, Seat.NOT_DRAWN, at)


def tell_draw(run: JobRun) -> None:
    """Tell everybody who entered what came out; seats that cost nothing are confirmed at once."""
    occurrence = db.session.get_one(Occurrence, run.payload["occurrence"])
    project = find_projects([occurrence.project_id])[occurrence.project_id]
    after = run.payload.get("after", 0)
    mine = (
        sa.select(DrawEntry.place, Registration)
        .join(Registration, Registration.id == DrawEntry.registration_id)
        .where(DrawEntry.occurrence_id == occurrence.id)
        .options(joinedload(Registration.window))
        .order_by(DrawEntry.place)
        .limit(_BATCH)
        .execution_options(populate_existing=True)
    )
    while some := db.session.execute(mine.where(DrawEntry.place > after)).all():
        members = find_members([row[1].member_id for row in some])
        for _place, each in some:
            _tell_one(each, occurrence, members[each.member_id], project)
        after = some[-1][0]
        run.checkpoint(done=run.done + len(some), payload={**run.payload, "after": after})


def _tell_one(each: Registration, occurrence: Occurrence, member: Any, project: ProjectRef) -> None:
    terms = Terms.of(occurrence, each.window)
    if each.state == Seat.HELD and not terms.price and not terms.deposit:
        try:
            with db.session.begin_nested():
                accept(
                    registration_id=each.id,
                    occurrence_id=occurrence.id,
                    member=member,
                    project=project,
                    terms_seen=terms.mark(),
                    at=now(),
                )
                return
        except EventError:
            # Such as another activity at that time: they choose by themselves.
            db.session.refresh(each)
    kind = _NEWS.get(Seat(each.state))
    if kind is not None:
        until = {"until": each.offer_until} if each.state == Seat.HELD else {}
        tell(kind, each, occurrence, member, project, cause="draw", **until)


def _seats_of(occurrence: Occurrence, winners: set[int]) -> Counter[int]:
    rows = db.session.execute(
        sa.select(Counted.registration_id, Counted.quota_id, Counted.seats)
        .join(Registration, Registration.id == Counted.registration_id)
        .where(Registration.occurrence_id == occurrence.id)
    )
    found: Counter[int] = Counter()
    for registration_id, quota_id, seats in rows:
        if registration_id in winners:
            found[quota_id] += seats
    return found


def _lead(ids: Sequence[int], state: Seat, values: Sequence[dict[str, Any]]) -> None:
    rows = [{"id": key, "state": state, **each} for key, each in zip(ids, values, strict=True)]
    for some in _slices(rows):
        db.session.execute(sa.update(Registration), some)
        numbers = [row["id"] for row in some]
        theirs = sa.update(SeatRow).where(SeatRow.registration_id.in_(numbers))
        db.session.execute(theirs.values(state=state))
    db.session.expire_all()


def _slices(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE)]

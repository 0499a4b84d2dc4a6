"""What members do: enter a party into a draw. It takes no seat and costs nothing yet."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from plugins.events import queries
from plugins.events.asking.parties import Asked, whole_party, write_whole
from plugins.events.ballot.models import DrawEntry
from plugins.events.ballot.terms import Weight, takes_entries
from plugins.events.counting import could_fit, for_all, of_party, window_of
from plugins.events.errors import EventError
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Occurrence, Registration
from plugins.events.party import candidates
from plugins.events.policy import opens_for, refusal
from plugins.events.registering import NOTHING_MORE, may_join
from plugins.events.seats import lock_quotas, take_share
from plugins.events.states import Seat
from portal.sdk import MemberRef, ProjectRef, db, household_of


def enter(
    *,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    at: datetime,
    party: Collection[str] | None = None,
    wishes: Mapping[str, int] | None = None,
    asked: Asked = NOTHING_MORE,
) -> Registration:
    """Enter a party into the draw of an activity; a second time it is as it was. The household's
    limit counts it, and nobody stands in two entries. Raises EventError."""
    quotas = lock_quotas(occurrence_id)
    home = household_of(member, project)
    already = queries.seated(occurrence_id, member, home.mates)
    if already.mine is not None:
        return already.mine
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    window = window_of(occurrence_id, home.tier)
    ladder = standing_of(project.id, member.id, at)
    code = refusal(occurrence, for_all(quotas, window), 1, at, window=window, ladder=ladder)
    code = code or "NO_DRAW"
    ballot = occurrence.ballot
    if code != "DRAW_FIRST" or ballot is None or not takes_entries(occurrence, at):
        opens_at = opens_for(occurrence, window, ladder)
        raise EventError(code, state=occurrence.state, opens_at=opens_at)
    may_join(occurrence, member, project, home)
    among = candidates(occurrence, project, home.mates, already.keys)
    whole = whole_party(occurrence, member, among, party, asked)
    counts = of_party(quotas, whole.chosen, window, wishes or {})
    could_fit(quotas, counts)
    take_share(occurrence, member.household_id, len(whole.chosen))
    made = write_whole(occurrence, member, whole, Seat.ENTERED, at, counts=counts, window=window)
    lots = Weight.of(ballot, home.tier, times_missed(member, project)).lots
    where = {"occurrence_id": occurrence_id, "project_id": project.id}
    db.session.add(DrawEntry(registration_id=made.id, lots=lots, **where))
    db.session.flush()
    return made


def times_missed(member: MemberRef, project: ProjectRef) -> int:
    """Return how often a member was not drawn in this project since they were the last time; the
    latest twenty draws count."""
    drawn = (
        sa.select(DrawEntry.won)
        .join(Registration, Registration.id == DrawEntry.registration_id)
        .where(
            Registration.member_id == member.id,
            Registration.project_id == project.id,
            DrawEntry.won.is_not(None),
        )
        .order_by(Registration.created_at.desc(), Registration.id.desc())
        .limit(20)
    )
    found = list(db.session.scalars(drawn))
    return found.index(True) if True in found else len(found)

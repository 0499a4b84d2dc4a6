"""Points of anonymous waves: as many as ballots are sealed, to answered lines in random order;
and those of other waves whose posting was refused when the answer came.

What is due is counted anew each time (sealed less rewarded), so a crash between shuffling and
paying, or between two payments, loses nothing and pays nothing twice.
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from plugins.surveys.answering.submitting import SOURCE
from plugins.surveys.models import Ballot, Participation, Wave
from portal.sdk import (
    MemberRef,
    PointsError,
    ProjectRef,
    db,
    earn_points,
    find_members,
    record_fact,
    residents,
)

_AT_ONCE = 50
_CHANCE = secrets.SystemRandom()


def pay_some(wave: Wave, project: ProjectRef) -> int:
    """Pay up to fifty lines, which the caller commits; return how many. Who has no account any
    more is left out."""
    db.session.execute(sa.select(Wave.id).where(Wave.id == wave.id).with_for_update())
    due = min(_due(wave), _AT_ONCE)
    if due <= 0:
        return 0
    lines = list(
        db.session.scalars(
            sa.select(Participation).where(
                Participation.wave_id == wave.id,
                Participation.answered,
                Participation.rewarded.is_(False),
            )
        )
    )
    _CHANCE.shuffle(lines)
    payees = _payees(wave, lines, project)
    paid = 0
    for line in lines:
        if paid < due and line.id in payees:
            paid += _pay(wave, line, payees[line.id], project)
    return paid


def _due(wave: Wave) -> int:
    # Of a wave with names nothing waits for a shuffle: what was refused at the answer is due.
    sealed = sa.select(sa.func.count()).where(
        Ballot.wave_id == wave.id, sa.or_(Ballot.sealed, Ballot.named)
    )
    rewarded = sa.select(sa.func.count()).where(
        Participation.wave_id == wave.id, Participation.rewarded
    )
    return (db.session.scalar(sealed) or 0) - (db.session.scalar(rewarded) or 0)


def _payees(
    wave: Wave, lines: Sequence[Participation], project: ProjectRef
) -> dict[int, MemberRef]:
    """Return who is paid for a line: who is known to have sent it, else the person, else the
    household's first member here."""
    known = {each.id: each.answered_by or each.member_id for each in lines}
    paid: dict[int, MemberRef] = {}
    for first in range(0, len(lines), 500):
        some = {line.id: known[line.id] for line in lines[first : first + 500]}
        members = find_members([each for each in some.values() if each is not None])
        paid |= {line: members[each] for line, each in some.items() if each in members}
    wanted = {each.household_id: each.id for each in lines if known[each.id] is None}
    named = len(paid)
    after = 0
    while len(paid) < named + len(wanted) and (some_here := residents(project, after=after)):
        for member in some_here:
            if member.household_id in wanted:
                paid.setdefault(wanted[member.household_id], member)
        after = some_here[-1].id
    return paid


def _pay(wave: Wave, line: Participation, member: MemberRef, project: ProjectRef) -> int:
    try:
        with db.session.begin_nested():
            done = db.session.execute(
                sa.update(Participation)
                .where(Participation.id == line.id, Participation.rewarded.is_(False))
                .values(rewarded=True)
                .execution_options(synchronize_session=False)
            )
            if not getattr(done, "rowcount", 0):
                return 0
            earn_points(
                member=member,
                amount=wave.points,
                key=f"surveys:answered:{line.public_id}",
                source=SOURCE,
                project=project,
                facts={"wave": wave.public_id},
            )
            record_fact(source=SOURCE, key=line.public_id, member=member, project=project)
    except PointsError:
        # Somebody objects to the posting: it is tried again with the next batch.
        return 0
    return 1

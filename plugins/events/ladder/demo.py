"""The demo's rules for not coming, marks of the past season, one of them under appeal."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.booking import new_ticket
from plugins.events.counting import write_down
from plugins.events.ladder.models import (
    Appeal,
    Cause,
    Pause,
    Penalty,
    Pledge,
    Policy,
    Version,
)
from plugins.events.ladder.rules import end_of, last_day
from plugins.events.models import Occurrence, Quota, Registration, SeatRow
from plugins.events.states import Seat, State
from portal.sdk import Demo, MemberRef, ProjectRef, db

_APPEAL = "当天家里老人临时住院，手机没电，没能及时取消，恳请理解。"


def fill(project: ProjectRef, demo: Demo) -> None:
    """Publish the rules, mark who missed the settled activities, let the owner appeal."""
    policy = Policy(
        project_id=project.id,
        version=1,
        state=Version.PUBLISHED,
        starts_at=demo.moment(200),
        no_show_weight=1,
        late_weight=1,
        warn_from=1,
        later_from=2,
        queue_from=3,
        later_hours=24,
        days=90,
        notice_hours=24,
        written_by=demo.staff["staff"].id,
        published_by=demo.staff["manager"].id,
    )
    holiday = {"first": demo.today + timedelta(days=12), "last": demo.today + timedelta(days=14)}
    pause = Pause(project_id=project.id, title="公共假期", **holiday)
    db.session.add_all([policy, pause])
    db.session.flush()
    settled = sa.select(Occurrence).where(
        Occurrence.project_id == project.id, Occurrence.state == State.SETTLED
    )
    for occurrence in db.session.scalars(settled.order_by(Occurrence.starts_at)).all():
        missed = sa.select(Registration).where(
            Registration.occurrence_id == occurrence.id, Registration.state == Seat.NO_SHOW
        )
        for each in db.session.scalars(missed.order_by(Registration.id)).all():
            _mark(each, occurrence, policy, Cause.NO_SHOW, pause, project, demo)
        if occurrence.event.title["zh_Hans_CN"] == "秋日读书会":
            late = _cancelled_late(occurrence, demo.members["owner"], demo)
            mark = _mark(late, occurrence, policy, Cause.LATE, pause, project, demo)
            appeal = {"penalty_id": mark.id, "text": _APPEAL, "settled_by": mark.settled_by or 0}
            db.session.add(
                Appeal(project_id=project.id, **appeal, created_at=demo.moment(1, 20, 14))
            )


def _mark(
    found: Registration,
    occurrence: Occurrence,
    policy: Policy,
    cause: Cause,
    pause: Pause,
    project: ProjectRef,
    demo: Demo,
) -> Penalty:
    where = {"project_id": project.id, "registration_id": found.id, "policy_id": policy.id}
    since = occurrence.starts_at.date()
    day = last_day(since, policy.days, [(pause.first, pause.last)])
    made = Penalty(
        **where,
        member_id=found.member_id,
        occurrence_id=occurrence.id,
        cause=cause,
        weight=1,
        since=since,
        expires_at=end_of(day, project.time_zone),
        settled_by=demo.staff["staff"].id if cause == Cause.NO_SHOW else None,
        created_at=occurrence.ends_at,
    )
    db.session.add_all([Pledge(**where), made])
    db.session.flush()
    return made


def _cancelled_late(occurrence: Occurrence, member: MemberRef, demo: Demo) -> Registration:
    where = {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}
    state = Seat.CANCELLED_LATE
    made = Registration(
        **where,
        member_id=member.id,
        household_id=member.household_id,
        state=state,
        seats=1,
        ticket=new_ticket(demo.rng.choice),
        cancel_until=occurrence.cancel_until,
        ended_at=occurrence.starts_at - timedelta(hours=3),
        created_at=occurrence.opens_at,
    )
    db.session.add(made)
    db.session.flush()
    total = sa.select(Quota.id).filter_by(**where, key="total")
    write_down(made, {db.session.scalars(total).one(): 1})
    seat = {"registration_id": made.id, "member_id": member.id, "name": member.name}
    db.session.add(SeatRow(**where, **seat, state=state))
    return made

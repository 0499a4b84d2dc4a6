"""An activity in which a member took part, for the portal's own tests."""

from datetime import date, datetime, timedelta

from plugins.events.after.models import Care, Reminded
from plugins.events.asking.models import Answer
from plugins.events.asking.questions import Question
from plugins.events.ballot.drawing import Lots, digest_of, frozen_text
from plugins.events.ballot.models import Ballot, Draw, DrawEntry, Freeze, Mode
from plugins.events.ladder.models import (
    Appeal,
    Cause,
    Pause,
    Penalty,
    Pledge,
    Policy,
    Waiver,
)
from plugins.events.models import (
    Counted,
    Diary,
    Event,
    Occurrence,
    Quota,
    Registration,
    SeatRow,
    Window,
)
from plugins.events.series.models import Series
from plugins.events.series.rules import Repeats, Rule
from plugins.events.states import Seat, State
from portal import clock
from portal.members.models import Member
from portal.projects.models import Project
from tests.factories import add
from tests.plugin_host.conftest import switch_on

_ACTIVITY, _PARTY = "events.occurrence", "events.registration"
_QUESTION = "events.question"
_MARK, _POLICY, _PAUSE = "events.penalty", "events.policy", "events.pause"
RULE = Rule(Repeats.WEEKLY, date(2026, 12, 5), weekdays=(5,), count=3)
NAMES = {
    "events": {"public_id": _ACTIVITY},
    "events.appeal": {"public_id": _MARK},
    "events_staff.show_mark": {"public_id": _MARK},
    "events_staff.decide": {"public_id": _MARK},
    "events_staff.excuse": {"public_id": _MARK},
    "events_staff.policy": {"public_id": _POLICY},
    "events_staff.publish_policy": {"public_id": _POLICY},
    "events_staff.remove_pause": {"public_id": _PAUSE},
    "events_staff.remove_photo": {"public_id": _ACTIVITY, "photo": _MARK},
    "events.accept": {"public_id": _PARTY},
    "events.cancel": {"public_id": _PARTY},
    "events.change_form": {"public_id": _PARTY},
    "events.change_party": {"public_id": _PARTY},
    "events.ticket": {"public_id": _PARTY},
    "events.ticket_calendar": {"public_id": _PARTY},
    "events_api": {"public_id": _ACTIVITY},
    "events_api.appeal": {"public_id": _MARK},
    "events_api.accept": {"public_id": _PARTY},
    "events_api.cancel": {"public_id": _PARTY},
    "events_api.change_party": {"public_id": _PARTY},
    "events_api.ticket": {"public_id": _PARTY},
    "events_staff_api": {"public_id": _ACTIVITY},
    "events_staff": {"public_id": _ACTIVITY, "party": _PARTY, "question": _QUESTION},
}


def add_sample(project: Project, member: Member) -> dict[str, str]:
    """Add an open activity that the member is already marked as having been at."""
    switch_on("events", project)
    now, texts = clock.now(), {"zh_Hans_CN": "运动会"}
    where = {"project_id": project.id}
    question = Question("short", "party", required=False, title=texts)
    event = add(
        Event(
            questions=[question.as_json()],
            **where, title=texts, about=texts, place=texts, notes={}, words="运动会",
            cover="sports", category="family",
        )
    )  # fmt: skip
    series = add(Series(**where, rule=RULE.as_json(), skipped=[]))
    occurrence = add(
        Occurrence(
            **where, event_id=event.id, state=State.OPEN, starts_at=now + timedelta(days=2),
            ends_at=now + timedelta(days=3), opens_at=now, closes_at=now + timedelta(days=1),
            cancel_until=now + timedelta(days=1), price=0, deposit=0, series_id=series.id,
            series_day=RULE.first,
        )
    )  # fmt: skip
    quota = add(Quota(**where, occurrence_id=occurrence.id, capacity=1, confirmed=1))
    add(Window(**where, occurrence_id=occurrence.id, tier="gold", opens_at=now, price=0))
    where |= {"occurrence_id": occurrence.id, "member_id": member.id, "state": Seat.ATTENDED}
    registration = add(
        Registration(
            **where, household_id=member.household_id, seats=1, ticket=project.slug.upper(),
            cancel_until=now,
        )
    )  # fmt: skip
    counted = {"registration_id": registration.id, "quota_id": quota.id, "seats": 1}
    add(Counted(project_id=project.id, **counted))
    seat = add(SeatRow(**where, registration_id=registration.id, name=member.name))
    add(Reminded(seat_id=seat.id, kind="after", project_id=project.id))
    add(Care(occurrence_id=occurrence.id, project_id=project.id, before=[24], thanks=3))
    said = {"registration_id": registration.id, "question": question.key, "value": "沪A"}
    add(Answer(project_id=project.id, **said))
    _add_draw(project, member, registration)
    return _add_ladder(registration, now) | {
        _QUESTION: question.key,
        _ACTIVITY: occurrence.public_id,
        _PARTY: registration.public_id,
    }


def _add_ladder(registration: Registration, at: datetime) -> dict[str, str]:
    """Add a draft of the policy, and a mark against which the member appeals."""
    where = {"project_id": registration.project_id}
    policy = add(
        Policy(
            **where, version=1, starts_at=at, no_show_weight=1, late_weight=1, warn_from=1,
            later_from=2, queue_from=3, later_hours=24, days=90, notice_hours=24, written_by=1,
        )
    )  # fmt: skip
    by = where | {"registration_id": registration.id, "policy_id": policy.id}
    add(Pledge(**by))
    mark = add(
        Penalty(
            **by, member_id=registration.member_id, occurrence_id=registration.occurrence_id,
            cause=Cause.NO_SHOW, weight=1, since=at.date(), expires_at=at + timedelta(days=90),
        )
    )  # fmt: skip
    add(Appeal(**where, penalty_id=mark.id, text="公交车晚点"))
    pause = add(Pause(**where, title="国庆节", first=at.date(), last=at.date()))
    add(Waiver(**where, occurrence_id=registration.occurrence_id, reason="大雨", by=1, at=at))
    return {_MARK: mark.public_id, _POLICY: policy.public_id, _PAUSE: pause.public_id}


def _add_draw(project: Project, member: Member, registration: Registration) -> None:
    """Let the seat be one that was drawn."""
    now, secret = clock.now(), "a-secret"
    where = {"project_id": project.id, "occurrence_id": registration.occurrence_id}
    add(Diary(project_id=project.id, household_id=member.household_id))
    entry = DrawEntry(registration_id=registration.id, lots=1, place=1, won=True, **where)
    add(entry)
    text = frozen_text([Lots(entry.public_id, 1, 1, {})], {})
    secrets = {"secret": secret, "secret_hash": digest_of(secret), "digest": digest_of(text)}
    times = {"draw_at": now, "frozen_at": now, "drawn_at": now}
    add(Ballot(**where, mode=Mode.BALLOT, source={}, tiers={}, **secrets, **times))
    add(Freeze(**where, entries=text, digest=secrets["digest"]))
    outcome = [[entry.public_id, True]]
    add(Draw(**where, secret=secret, number="", room={}, outcome=outcome))

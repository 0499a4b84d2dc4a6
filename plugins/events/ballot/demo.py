"""Two activities of the demo whose seats are drawn: one that was, one that is open for entries."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.events.ballot.drawing import digest_of
from plugins.events.ballot.models import Ballot, DrawEntry, Mode
from plugins.events.ballot.service import hold_draw
from plugins.events.booking import write_party
from plugins.events.models import Event, LogEntry, Occurrence, Quota
from plugins.events.party import Candidate
from plugins.events.searching import put_into_search
from plugins.events.seats import take_share
from plugins.events.states import QueueRule, Seat, State
from portal.sdk import Demo, Housemate, MemberRef, ProjectRef, db

_NUMBER = {
    "zh_Hans_CN": "福彩 3D 当期开奖号码",
    "zh_Hant": "福彩 3D 當期開獎號碼",
    "en": "The Welfare Lottery 3D number of that day",
}
_DINNER = {
    "title": {
        "zh_Hans_CN": "江景露台晚宴",
        "zh_Hant": "江景露台晚宴",
        "en": "Dinner above the river",
    },
    "place": {"zh_Hans_CN": "会所露台", "zh_Hant": "會所露台", "en": "Clubhouse terrace"},
    "about": {
        "zh_Hans_CN": "八个座位，一位主厨，江上的灯光。名额抽签产生。",
        "zh_Hant": "八個座位，一位主廚，江上的燈光。名額抽籤產生。",
        "en": "Eight seats, one chef, the lights on the river. The seats are drawn.",
    },
    "cover": "wine",
    "category": "neighbours",
}
_SKETCHING = {
    "title": {
        "zh_Hans_CN": "夜游老街写生",
        "zh_Hant": "夜遊老街寫生",
        "en": "Sketching the old town",
    },
    "place": {"zh_Hans_CN": "东门岗亭旁", "zh_Hant": "東門崗亭旁", "en": "Beside the east gate"},
    "about": {
        "zh_Hans_CN": "一辆小车，八个座位，去老街画夜色，纸笔备好。名额抽签产生。",
        "zh_Hant": "一輛小車，八個座位，去老街畫夜色，紙筆備好。名額抽籤產生。",
        "en": "A coach of eight seats to the old town by night, paper and ink included. "
        "The seats are drawn.",
    },
    "cover": "brush",
    "category": "culture",
}


def add_draws(project: ProjectRef, demo: Demo, who: Sequence[MemberRef]) -> None:
    """Add an activity whose seats are drawn already, and one that takes entries."""
    done = _make(project, demo, _DINNER, day=6, source={})
    for member in who[:14]:
        _enter(done, member, demo)
    draws = demo.moment(1, 20)
    done.closes_at, done.state = draws, State.CLOSED
    _set_draw_at(done, draws)
    hold_draw(actor=None, occurrence_id=done.id, project=project, at=draws)
    coming = _make(project, demo, _SKETCHING, day=18, source=_NUMBER)
    for member in who[14:23]:
        _enter(coming, member, demo)


def _make(
    project: ProjectRef, demo: Demo, what: Mapping[str, Any], *, day: int, source: dict[str, str]
) -> Occurrence:
    begins = demo.moment(-day, 18, 30)
    event = Event(
        project_id=project.id,
        **what,
        notes={},
        words="\n".join((*what["title"].values(), *what["place"].values())).lower(),
    )
    db.session.add(event)
    db.session.flush()
    made = Occurrence(
        event=event,
        project_id=project.id,
        state=State.OPEN,
        starts_at=begins,
        ends_at=begins + timedelta(hours=3),
        opens_at=demo.moment(4),
        closes_at=begins - timedelta(days=2),
        cancel_until=begins - timedelta(days=1),
        price=100_000,
        deposit=0,
        queue_rule=QueueRule.SKIP,
        submitted_by=demo.staff["staff"].id,
    )
    db.session.add(made)
    db.session.flush()
    where = {"occurrence_id": made.id, "project_id": project.id}
    db.session.add(Quota(**where, key="total", capacity=8))
    secret = digest_of(f"{demo.rng.random()}")
    ballot = Ballot(
        **where,
        mode=Mode.BALLOT,
        draw_at=made.closes_at + timedelta(hours=12),
        source=source,
        tiers={},
        missed=1,
        missed_most=3,
        secret=secret,
        secret_hash=digest_of(secret),
    )
    db.session.add(ballot)
    log = {"step": "write", "state": State.DRAFT, "by": demo.staff["staff"].id}
    db.session.add(LogEntry(**where, **log, at=demo.moment(6)))
    db.session.flush()
    db.session.refresh(made)
    put_into_search(made, project)
    return made


def _set_draw_at(occurrence: Occurrence, at: datetime) -> None:
    ballot = db.session.get_one(Ballot, occurrence.id)
    ballot.draw_at = at
    db.session.flush()


def _enter(occurrence: Occurrence, member: MemberRef, demo: Demo) -> None:
    mate = Housemate(
        key=member.public_id,
        name=member.name,
        relation="member",
        birth_month=None,
        member_id=member.id,
    )
    mine = sa.select(Quota.id).where(Quota.occurrence_id == occurrence.id)
    total = db.session.scalars(mine).one()
    at = demo.moment(3) + timedelta(minutes=demo.rng.randrange(900))
    take_share(occurrence, member.household_id, 1)
    made = write_party(
        occurrence, member, [Candidate(mate, None, None)], Seat.ENTERED, at, counts={total: 1}
    )
    where = {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}
    lots = 1 + (member.id % 5 == 0)
    db.session.add(DrawEntry(registration_id=made.id, lots=lots, **where))
    db.session.flush()

"""Surveys of the demo: two years', the last published with what was done; two that are open."""

import random
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.actions import service as actions
from plugins.surveys.answering.pressure import Sign
from plugins.surveys.coding.demo import sort_demo
from plugins.surveys.instrument.answers import take
from plugins.surveys.instrument.document import read
from plugins.surveys.library import FIRST
from plugins.surveys.models import Ballot, Participation, SideAnswer, Wave
from plugins.surveys.publishing.service import sign
from plugins.surveys.states import Mode
from plugins.surveys.waves import service
from portal.sdk import Demo, ProjectRef, db

_TITLE = {"zh_Hans_CN": "年度满意度调查", "zh_Hant": "年度滿意度調查", "en": "Yearly survey"}
_ACTIONS = (
    (
        "property",
        {
            "zh_Hans_CN": "地下车库的灯经常不亮，早晚进出不放心。",
            "zh_Hant": "地下車庫的燈經常不亮，早晚進出不放心。",
            "en": "Lights in the underground car park often fail; coming home late feels unsafe.",
        },
        {
            "zh_Hans_CN": "车库全部换成感应灯，坏灯两天内修好，每周公布一次。",
            "zh_Hant": "車庫全部換成感應燈，壞燈兩天內修好，每週公布一次。",
            "en": "All lamps are new; a broken one is mended within two days, told every week.",
        },
    ),
    (
        "after_sales",
        {
            "zh_Hans_CN": "报修以后没有人告诉我进度。",
            "zh_Hant": "報修以後沒有人告訴我進度。",
            "en": "After reporting a repair, nobody told me how it was going.",
        },
        {
            "zh_Hans_CN": "每张报修单都有一位负责人，进度在手机上随时能看。",
            "zh_Hant": "每張報修單都有一位負責人，進度在手機上隨時能看。",
            "en": "Every repair has one person in charge, and its progress is on your phone.",
        },
    ),
    (
        "surroundings",
        {
            "zh_Hans_CN": "希望多一些给老人坐的椅子。",
            "zh_Hant": "希望多一些給老人坐的椅子。",
            "en": "More benches for older people would help.",
        },
        {
            "zh_Hans_CN": "明年春天在中心花园和主路边添十二把带扶手的椅子。",
            "zh_Hant": "明年春天在中心花園和主路邊添十二把帶扶手的椅子。",
            "en": "Twelve benches with armrests come to the garden and the main path next spring.",
        },
    ),
)
_MOST = 90
_SIGNS = (0, 0, 0, Sign.STRAIGHT, 0, 0, Sign.ASSISTED)
_WORDS = (
    "地下车库的灯经常不亮",
    "电梯早高峰要等很久",
    "报修以后没有人告诉我进度",
    "楼上装修的噪声",
    "电梯里常有装修材料的味道",
    "外墙渗水，报修两次还在漏",
)


def fill(project: ProjectRef, demo: Demo) -> None:
    """Write three waves; the staff write them, the manager approves and opens them."""
    writer = demo.staff.get("staff") or next(
        account for key, account in demo.staff.items() if key != "manager"
    )
    head = demo.staff["manager"]
    last = service.make_survey(
        actor=writer,
        project=project,
        title=_TITLE,
        series="yearly",
        **FIRST["yearly"],
    )
    for opened in (737, 372):
        if not _field(project, demo, last, (writer, head), opened=opened, closed=opened - 21):
            return
        _answer(demo, last, _MOST, demo.moment(opened - 7, 20))
        _steps(project, last, head, ("close", "seal"), demo.moment(opened - 22, 10))
        if opened > 372:
            last = service.next_wave(actor=writer, wave=last)
    sort_demo(demo, last)
    _publish(project, demo, last, (writer, head))
    _ask_without_names(project, demo, (writer, head))
    current = service.next_wave(actor=writer, wave=last)
    _field(project, demo, current, (writer, head), opened=6, closed=-15)
    _answer(demo, current, _MOST // 4, demo.moment(2, 21), spared=demo.members.get("owner"))


def _ask_without_names(project: ProjectRef, demo: Demo, staff: tuple[Any, Any]) -> None:
    """Write an anonymous wave that is open; the owner to sign in as has not answered."""
    title = {
        "zh_Hans_CN": "秋季活动回访",
        "zh_Hant": "秋季活動回訪",
        "en": "After the activities of autumn",
    }
    wave = service.make_survey(
        actor=staff[0], project=project, title=title, series="after_event", **FIRST["after_event"]
    )
    service.change(actor=staff[0], wave=wave, version=1, mode=Mode.ANONYMOUS)
    _field(project, demo, wave, staff, opened=4, closed=-10)


def _publish(project: ProjectRef, demo: Demo, wave: Wave, staff: tuple[Any, Any]) -> None:
    """Publish last year's figures, signed by the auditor, with what was done since."""
    writer, head = staff
    _steps(project, wave, head, ("publish",), demo.moment(340, 10))
    if auditor := demo.staff.get("auditor"):
        sign(actor=auditor, wave=wave, at=demo.moment(338, 15))
    for days, (dimension, said, did) in zip((300, 210, None), _ACTIONS, strict=True):
        action = actions.add(actor=writer, wave=wave, dimension=dimension, said=said, did=did)
        if days is not None:
            actions.mark(actor=writer, wave=wave, action=action, done_at=demo.moment(days, 10))


def _field(
    project: ProjectRef, demo: Demo, wave: Wave, staff: tuple[Any, Any], *, opened: int, closed: int
) -> bool:
    writer, head = staff
    service.change(
        actor=writer,
        wave=wave,
        version=wave.version,
        opens_at=demo.moment(opened, 9),
        closes_at=demo.moment(closed, 21),
        points=20_000,
    )
    if not demo.residents:
        return False
    before = demo.moment(opened + 2, 15)
    _steps(project, wave, writer, ("send",), before)
    _steps(project, wave, head, ("freeze",), before)
    _steps(project, wave, head, ("open",), demo.moment(opened, 9))
    _invite(wave, demo)
    return True


def _invite(wave: Wave, demo: Demo) -> None:
    """Note that everybody was invited; the job is left with the owner to sign in as."""
    owner = demo.members.get("owner")
    line = sa.update(Participation).where(Participation.wave_id == wave.id)
    if owner:
        line = line.where(Participation.household_id != owner.household_id)
    db.session.execute(line.values(invited_at=wave.opens_at))


def _steps(
    project: ProjectRef, wave: Wave, actor: Any, steps: tuple[str, ...], at: datetime
) -> None:
    for step in steps:
        service.take_step(
            actor=actor, project=project, wave=wave, step=step, version=wave.version, at=at
        )


def _answer(demo: Demo, wave: Wave, most: int, at: datetime, spared: Any = None) -> None:
    """Let households answer, up to so many; the owner to sign in as is left to answer."""
    instrument = read(wave.instrument)
    mine = sa.select(Participation).where(Participation.wave_id == wave.id)
    lines = list(db.session.scalars(mine.order_by(Participation.unit_key)))
    lines = [each for each in lines if not spared or each.household_id != spared.household_id]
    some = demo.rng.sample(lines, min(most, len(lines) * 3 // 5))
    for place, line in enumerate(some):
        taken = take(instrument, _said(demo.rng))
        ballot = Ballot(
            id=demo.rng.getrandbits(62) + 1,
            wave_id=wave.id,
            named=True,
            project_id=wave.project_id,
            positions=list(taken.positions),
            building=line.building,
            tier=line.tier,
            stage=line.stage,
            language="zh_Hans_CN",
            submitted_at=at,
            flags=_SIGNS[place % len(_SIGNS)],
        )
        db.session.add(ballot)
        for side in taken.side:
            in_numbers = side.kind == "number"
            db.session.add(
                SideAnswer(
                    ballot_id=ballot.id,
                    item=side.position,
                    project_id=wave.project_id,
                    kind=side.kind,
                    value="" if in_numbers else side.value,
                    number=int(side.value) * 1_000_000 if in_numbers else None,
                )
            )
        db.session.flush()
        line.answered, line.ballot_id = True, ballot.id
    db.session.flush()


def _said(rng: random.Random) -> dict[str, object]:
    """Return an answer of somebody more or less content."""
    mood = rng.choices((1, 2, 3, 4, 5), (3, 6, 16, 42, 33))[0]

    def near(shift: int = 0) -> int:
        return max(1, min(5, mood + shift + rng.choice((-1, 0, 0, 0, 1))))

    aspects: dict[str, object] = {
        "sales": near(),
        "after_sales": near(-1),
        "property": near(),
        "engineering": near(),
        "surroundings": near() if rng.random() < 0.9 else "na",
    }
    said: dict[str, object] = {
        "satisfied": mood,
        "aspects": aspects,
        "again": near(),
        "recommend": near(),
        "nps": max(0, min(10, mood * 2 + rng.choice((-1, 0, 1)))),
        "recommended": rng.choices((0, 1, 2, 3, 5, 8), (30, 22, 18, 12, 10, 8))[0],
    }
    if mood <= 3 or any(isinstance(each, int) and each <= 2 for each in aspects.values()):
        said["worst"] = rng.choice(_WORDS)
    return said

"""A season of activities for the demo club, dated from today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from plugins.events.asking.demo import add_questions, answer
from plugins.events.ballot.demo import add_draws
from plugins.events.booking import new_ticket
from plugins.events.counting import write_down
from plugins.events.demo_conditions import add_conditions
from plugins.events.demo_series import repeat_weekly
from plugins.events.ladder import demo as ladder
from plugins.events.models import (
    Event,
    LogEntry,
    Occurrence,
    Quota,
    Registration,
    SeatRow,
    Share,
)
from plugins.events.searching import put_into_search
from plugins.events.states import LIVE, PUBLIC, QueueRule, Seat, State
from portal.sdk import Demo, MemberRef, ProjectRef, db

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """One activity: `day` counts from today, `hours` it lasts, `going` neighbours come; `price` and
    `deposit` are points; `with_owner`: the first resident, 林晓芸 in the demo, takes part;
    `saturday`: moved to the next one; `waiting` more neighbours are on the waiting list, and after
    them the first resident when `owner_waits`."""

    title: Texts
    place: Texts
    about: Texts
    cover: str
    category: str
    day: int
    begins: time
    hours: int
    state: State
    capacity: int | None = None
    going: int = 0
    price: int = 0
    deposit: int = 0
    opens: int = -7
    with_owner: bool = False
    saturday: bool = False
    reason: str = ""
    waiting: int = 0
    owner_waits: bool = False


def _texts(simplified: str, traditional: str, english: str) -> Texts:
    return {"zh_Hans_CN": simplified, "zh_Hant": traditional, "en": english}


_LAWN = _texts("中央草坪", "中央草坪", "Central lawn")
_HOUSE = _texts("会所二层多功能厅", "會所二層多功能廳", "Clubhouse, hall on the second floor")
_GATE = _texts("东门岗亭旁", "東門崗亭旁", "Beside the east gate")

_SATURDAY = 5
SCENES = (
    Scene(
        _texts("露天电影夜", "露天電影夜", "Open-air cinema"), _LAWN,
        _texts(
            "一块银幕，几排草垫，带上毯子和家人。放映前半小时入场，先到先坐。",
            "一塊銀幕，幾排草墊，帶上毯子和家人。放映前半小時入場，先到先坐。",
            "A screen and mats on the grass. Bring a blanket and the family; "
            "doors open half an hour before.",
        ),
        "cinema", "culture", 5, time(19, 30), 2, State.OPEN, 80, 43, with_owner=True,
    ),
    Scene(
        _texts("亲子运动会", "親子運動會", "Family sports day"), _LAWN,
        _texts(
            "两人三足、接力与拔河，适合 3 至 12 岁的孩子与家长。每个项目都有小奖品。",
            "兩人三足、接力與拔河，適合 3 至 12 歲的孩子與家長。每個項目都有小獎品。",
            "Three-legged race, relay and tug-of-war for children of 3 to 12 and their parents. "
            "Small prizes in every round.",
        ),
        "sports", "family", 13, time(9, 30), 3, State.OPEN, 60, 57, deposit=50,
        saturday=True,
    ),
    Scene(
        _texts("邻里品酒会", "鄰里品酒會", "Wine with neighbours"), _HOUSE,
        _texts(
            "一位住在滨江府的侍酒师，四款葡萄酒，十二个座位。",
            "一位住在濱江府的侍酒師，四款葡萄酒，十二個座位。",
            "A sommelier who lives here, four wines, twelve seats.",
        ),
        "wine", "neighbours", 9, time(19, 0), 2, State.OPEN, 12, 12, price=200,
        waiting=2, owner_waits=True,
    ),
    Scene(
        _texts("迎春书法雅集", "迎春書法雅集", "Brush and ink for spring"), _HOUSE,
        _texts(
            "写一副自家的春联带回家。笔墨纸砚都已备好，初学者也欢迎。",
            "寫一副自家的春聯帶回家。筆墨紙硯都已備好，初學者也歡迎。",
            "Write the couplets for your own door. Brush, ink and paper are there; "
            "beginners are welcome.",
        ),
        "brush", "culture", 20, time(14, 0), 2, State.SCHEDULED, 24, price=80, opens=3,
    ),
    Scene(
        _texts("江岸摄影小班", "江岸攝影小班", "Photography by the river"), _GATE,
        _texts(
            "一位摄影师带十位邻居拍黄昏的江岸，按基础分组，所以先申请再确认。",
            "一位攝影師帶十位鄰居拍黃昏的江岸，按基礎分組，所以先申請再確認。",
            "A photographer takes ten neighbours to the river at dusk, in groups by experience: "
            "ask for a place, and the club answers.",
        ),
        "brush", "culture", 11, time(16, 30), 2, State.OPEN, 10, 6, waiting=5,
    ),
    Scene(
        _texts("周末晨跑", "週末晨跑", "Weekend morning run"), _GATE,
        _texts(
            "沿江五公里，跑走随意，结束后一起吃早餐。",
            "沿江五公里，跑走隨意，結束後一起吃早餐。",
            "Five kilometres along the river, at your own pace, and breakfast afterwards.",
        ),
        "sports", "sports", 2, time(7, 0), 2, State.OPEN, None, 18, saturday=True,
    ),
    Scene(
        _texts("晨间瑜伽", "晨間瑜伽", "Morning yoga"), _LAWN,
        _texts(
            "每周六清晨，一位住在本小区的老师带大家舒展。垫子已备好，零基础也能跟上。",
            "每週六清晨，一位住在本小區的老師帶大家舒展。墊子已備好，零基礎也能跟上。",
            "Every Saturday morning with a teacher who lives here. Mats are there; beginners are "
            "welcome.",
        ),
        "sports", "sports", 4, time(8, 30), 1, State.OPEN, 20, 11, saturday=True,
    ),
    Scene(
        _texts("装修避坑讲座", "裝修避坑講座", "Renovating without regrets"), _HOUSE,
        _texts(
            "防水、电路、验收，三位工程师现场答疑。",
            "防水、電路、驗收，三位工程師現場答疑。",
            "Waterproofing, wiring, acceptance: three engineers answer your questions.",
        ),
        "wine", "talks", 16, time(15, 0), 2, State.IN_REVIEW, 40, opens=1,
    ),
    Scene(
        _texts("冬至包饺子", "冬至包餃子", "Dumplings for midwinter"), _HOUSE,
        _texts(
            "和面、调馅、比一比谁包得快。",
            "和麵、調餡、比一比誰包得快。",
            "Knead, fill, and see who is fastest.",
        ),
        "wine", "neighbours", 27, time(10, 0), 3, State.DRAFT, 30, deposit=20, opens=5,
    ),
    Scene(
        _texts("中秋灯会", "中秋燈會", "Mid-autumn lanterns"), _LAWN,
        _texts(
            "猜灯谜、做兔儿灯、分月饼。",
            "猜燈謎、做兔兒燈、分月餅。",
            "Riddles, rabbit lanterns and mooncakes.",
        ),
        "cinema", "family", -57, time(18, 30), 3, State.SETTLED, 90, 71, with_owner=True,
    ),
    Scene(
        _texts("秋日读书会", "秋日讀書會", "Autumn reading circle"), _HOUSE,
        _texts(
            "一本书，一壶茶，十几位邻居轮流读一段。",
            "一本書，一壺茶，十幾位鄰居輪流讀一段。",
            "One book, a pot of tea, and everybody reads a page.",
        ),
        "brush", "culture", -18, time(15, 0), 2, State.SETTLED, 24, 16,
    ),
    Scene(
        _texts("重阳登高", "重陽登高", "Autumn hike"), _GATE,
        _texts(
            "西山步道往返六公里。",
            "西山步道往返六公里。",
            "Six kilometres on the western hill.",
        ),
        "sports", "sports", -24, time(8, 0), 5, State.CANCELLED, 30, 9,
        reason="台风预警，山路不安全，改期另行通知。",
    ),
)  # fmt: skip


def fill(project: ProjectRef, demo: Demo) -> None:
    """Add the season to a project; a shorter one where 林晓芸 does not live."""
    owner = demo.members["owner"]
    at_home = owner in demo.residents
    neighbours = [each for each in demo.residents if each.household_id != owner.household_id]
    for scene in SCENES if at_home else SCENES[:4]:
        who = neighbours[: scene.going]
        if scene.with_owner and at_home:
            who = [owner, *who]
        queue = neighbours[scene.going : scene.going + scene.waiting]
        if scene.owner_waits and at_home:
            queue = [*queue, owner]
        _play(project, scene, demo, who, queue)
    if at_home:
        ladder.fill(project, demo)
        add_draws(project, demo, neighbours)


def _play(
    project: ProjectRef,
    scene: Scene,
    demo: Demo,
    who: Sequence[MemberRef],
    queue: Sequence[MemberRef],
) -> None:
    begins = demo.moment(-scene.day, scene.begins.hour, scene.begins.minute)
    if scene.saturday:
        begins += timedelta(days=(_SATURDAY - begins.weekday()) % 7)
    opens = demo.moment(-scene.opens)
    if scene.state not in (State.SCHEDULED, State.DRAFT, State.IN_REVIEW):
        opens = min(opens, begins - timedelta(days=14))
    event = Event(
        project_id=project.id,
        title=scene.title,
        place=scene.place,
        about=scene.about,
        notes={},
        words="\n".join((*scene.title.values(), *scene.place.values())).lower(),
        cover=scene.cover,
        category=scene.category,
    )
    db.session.add(event)
    db.session.flush()
    occurrence = Occurrence(
        event=event,
        project_id=project.id,
        state=scene.state,
        starts_at=begins,
        ends_at=begins + timedelta(hours=scene.hours),
        opens_at=opens,
        closes_at=begins - timedelta(hours=3),
        cancel_until=begins - timedelta(days=1),
        price=scene.price * 1000,
        deposit=scene.deposit * 1000,
        queue_rule=QueueRule.NONE if scene.capacity is None else QueueRule.SKIP,
        submitted_by=demo.staff["staff"].id if scene.state != State.DRAFT else None,
        reason=scene.reason,
    )
    db.session.add(occurrence)
    db.session.flush()
    seats = 0 if scene.state == State.CANCELLED else len(who)
    capacity = scene.capacity if scene.capacity is None else max(scene.capacity, seats)
    where = {"occurrence_id": occurrence.id, "project_id": project.id}
    quota = Quota(**where, key="total", capacity=capacity, confirmed=seats)
    db.session.add(quota)
    db.session.flush()
    add_conditions(occurrence)
    add_questions(occurrence)
    for number, member in enumerate((*who, *queue)):
        later = Seat.PENDING if occurrence.by_approval else Seat.WAITING
        state = later if number >= len(who) else _state_of(occurrence, number)
        made = _seat(occurrence, quota, member, state, opens + timedelta(minutes=7 * number), demo)
        answer(made, occurrence, number, member.public_id)
    _count_households(occurrence)
    db.session.add(
        LogEntry(
            **where,
            step="write",
            state=State.DRAFT,
            by=demo.staff["staff"].id,
            at=opens - timedelta(days=3),
        )
    )
    if scene.state in PUBLIC:
        put_into_search(occurrence, project)
    repeat_weekly(occurrence, project, demo)


def _count_households(occurrence: Occurrence) -> None:
    seats = sa.func.sum(Registration.seats)
    taken = (
        sa.select(
            Registration.occurrence_id, Registration.household_id, Registration.project_id, seats
        )
        .where(Registration.occurrence_id == occurrence.id, Registration.state.in_(LIVE))
        .group_by(Registration.occurrence_id, Registration.household_id, Registration.project_id)
    )
    names = ["occurrence_id", "household_id", "project_id", "seats"]
    db.session.execute(sa.insert(Share).from_select(names, taken))


def _state_of(occurrence: Occurrence, number: int) -> Seat:
    return {
        # Every twelfth stayed away; the others came.
        State.SETTLED: Seat.NO_SHOW if number % 12 == 11 else Seat.ATTENDED,
        State.CANCELLED: Seat.CANCELLED_BY_CLUB,
    }.get(State(occurrence.state), Seat.CONFIRMED)


def _seat(
    occurrence: Occurrence,
    quota: Quota,
    member: MemberRef,
    state: Seat,
    at: datetime,
    demo: Demo,
) -> Registration:
    made = Registration(
        occurrence_id=occurrence.id,
        project_id=occurrence.project_id,
        member_id=member.id,
        household_id=member.household_id,
        state=state,
        seats=1,
        ticket=new_ticket(demo.rng.choice),
        cancel_until=occurrence.cancel_until,
        queued_at=at if state == Seat.WAITING else None,
        settled_at=occurrence.ends_at if occurrence.state == State.SETTLED else None,
        ended_at=occurrence.starts_at if occurrence.state == State.CANCELLED else None,
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    write_down(made, {quota.id: 1})
    db.session.add(
        SeatRow(
            registration_id=made.id,
            occurrence_id=occurrence.id,
            project_id=occurrence.project_id,
            member_id=member.id,
            name=member.name,
            state=state,
        )
    )
    db.session.flush()
    return made

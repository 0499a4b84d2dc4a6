"""A catalogue for the demo club, with orders at every stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from plugins.rewards import handling, ordering
from plugins.rewards.benefits.demo import fill_benefits
from plugins.rewards.care.demo import fill_care
from plugins.rewards.errors import RewardError
from plugins.rewards.fees.answering import set_worth
from plugins.rewards.fees.booking import FeeWish, months_from
from plugins.rewards.models import Favourite, Item, OpenWindow, Order, Voucher
from plugins.rewards.partners.demo import add_partners
from plugins.rewards.rules import Rules, price_for
from plugins.rewards.service import Draft, change_stock, offer, write
from plugins.rewards.settlement.demo import settle
from plugins.rewards.states import Kind, Move, Period, Way
from plugins.rewards.vouchers.service import set_terms, use
from portal.sdk import (
    Demo,
    MemberRef,
    ProjectRef,
    business_date,
    db,
    homes_of,
    household_of,
    tiers,
)

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """One item: `points` a piece, `pieces` received (None: not counted), `golden`: a price of its
    own for the tiers gold and diamond."""

    cover: str
    title: Texts
    hint: Texts
    points: int
    kind: Kind = Kind.GIFT
    way: Way = Way.COLLECT
    pieces: int | None = None
    golden: int | None = None
    at_once: int = 1
    more: Mapping[str, Any] = field(default_factory=dict)


def _texts(simplified: str, traditional: str, english: str) -> Texts:
    return {"zh_Hans_CN": simplified, "zh_Hant": traditional, "en": english}


_DESK = _texts("会所自取", "會所自取", "Fetched at the clubhouse")
_HOME = _texts("送货上门", "送貨上門", "Brought to your door")
_ABOUT = _texts(
    "兑换后凭取货码领取。七天内未拆封可以退回，积分原路退还。",
    "兌換後憑取貨碼領取。七天內未拆封可以退回，積分原路退還。",
    "Fetched with the code of your order. Unopened, it can be returned within seven days, "
    "and the points come back.",
)
_YEARLY = {"household_most": 2, "household_period": Period.YEAR}
SCENES = (
    Scene(
        "fee", _texts("物业费抵扣 100 元", "物業費抵扣 100 元", "100 yuan off the property fee"),
        _texts("确认后抵入下一期账单", "確認後抵入下一期賬單", "Booked against the next bill"),
        1000, Kind.FEE, Way.DELIVER, at_once=5,
        more={"home": "home", "fee": 10_000, "household_most": 10, "household_period": Period.YEAR},
    ),
    Scene(
        "coffee", _texts("手冲咖啡两杯", "手沖咖啡兩杯", "Two filter coffees"),
        _texts("邻里咖啡，到店出示", "鄰里咖啡，到店出示", "Neighbours' coffee, shown at the bar"),
        720, Kind.OFFER, golden=640, at_once=3, more={"prepared": False},
    ),
    Scene(
        "tea", _texts("明前龙井 100 克", "明前龍井 100 克", "Spring Longjing tea, 100 g"),
        _DESK, 2680, pieces=16, more=_YEARLY,
    ),
    Scene(
        "rice", _texts("五常大米 5 千克", "五常大米 5 千克", "Wuchang rice, 5 kg"),
        _HOME, 1580, way=Way.DELIVER, pieces=40, at_once=2,
        more={"household_most": 2, "household_period": Period.QUARTER},
    ),
    Scene(
        "plant", _texts("绿萝盆栽一盆", "綠蘿盆栽一盆", "A potted pothos"),
        _DESK, 380, pieces=24, at_once=2,
    ),
    Scene(
        "clean", _texts("两小时家庭保洁", "兩小時家庭保潔", "Two hours of cleaning"),
        _texts("提前两天约定时间", "提前兩天約定時間", "Agreed two days ahead"),
        1800, Kind.SERVICE, Way.DELIVER, golden=1600,
        more={"home": "home", "member_most": 1, "member_period": Period.MONTH},
    ),
    Scene(
        "ticket", _texts("影院双人票", "影院雙人票", "Cinema for two"),
        _texts("江畔影城，工作日可用", "江畔影城，工作日可用", "Riverside cinema, on weekdays"),
        980, Kind.OFFER, pieces=30, more={"prepared": False},
    ),
    Scene(
        "book", _texts("邻里书房年卡", "鄰里書房年卡", "The reading room for a year"),
        _DESK, 3200, Kind.SERVICE, golden=2600, more=_YEARLY,
    ),
    Scene(
        "tea", _texts("半年礼：桂花乌龙礼盒", "半年禮：桂花烏龍禮盒", "Half-yearly oolong gift"),
        _texts("每半年开放一次", "每半年開放一次", "Twice a year"),
        2000, pieces=50,
        more={"opens": 21, "member_most": 1, "member_period": Period.HALF},
    ),
    Scene(
        "ticket", _texts("江景音乐会双人席", "江景音樂會雙人席", "Two seats at the river concert"),
        _texts("仅限钻石卡", "僅限鑽石卡", "For Diamond members only"),
        1200, Kind.SERVICE, pieces=6, more={"top": True},
    ),
    Scene(
        "clean", _texts("空调清洗一台", "空調清洗一台", "One air conditioner cleaned"),
        _texts("工程师上门，当季名额有限", "工程師上門，當季名額有限", "At home, few this season"),
        860, Kind.SERVICE, Way.DELIVER, pieces=3, more={"gone": 3, "home": "home"},
    ),
    Scene(
        "ticket", _texts("邻里咖啡 100 元券", "鄰里咖啡 100 元券", "Coffee voucher of 100 yuan"),
        _texts("可分次使用，180 天有效", "可分次使用，180 天有效", "Used in parts, for 180 days"),
        900, Kind.VOUCHER, Way.DELIVER, at_once=2, more={"worth": 10_000},
    ),
    Scene(
        "coffee", _texts("会所下午茶", "會所下午茶", "Afternoon tea at the clubhouse"),
        _texts("两人份，周末可用", "兩人份，週末可用", "For two, at weekends"),
        560, Kind.OFFER, at_once=2, more={"prepared": False},
    ),
    Scene(
        "coffee", _texts("迎新礼：会所餐饮 50 元券", "迎新禮：會所餐飲 50 元券",
                         "A welcome: 50 yuan at the clubhouse"),
        _texts("可分次使用，每户一张", "可分次使用，每戶一張", "Used in parts, one a household"),
        0, Kind.VOUCHER, Way.DELIVER,
        more={"home": "home", "worth": 5_000, "household_most": 1, "household_period": Period.EVER},
    ),
    Scene(
        "plant", _texts("邻里节伴手礼", "鄰里節伴手禮", "A gift of the neighbours' day"),
        _DESK, 0, pieces=60,
        more={"home": "home", "household_most": 1, "household_period": Period.YEAR},
    ),
)  # fmt: skip


def fill(project: ProjectRef, demo: Demo) -> None:
    """Add the catalogue to a project, and orders where 林晓芸 lives."""
    owner = demo.members["owner"]
    at_home = owner in demo.residents
    actor = demo.staff["staff"]
    made = [
        _write(scene, place, project, demo)
        for place, scene in enumerate(SCENES if at_home else SCENES[:5], 1)
    ]
    add_partners(project, actor, made if at_home else [])
    if not at_home:
        return
    neighbours = [each for each in demo.residents if each.household_id != owner.household_id]
    # The owner's points stay as the rest of the demo tells of them.
    db.session.add(Favourite(member_id=owner.id, item_id=made[2].id, project_id=project.id))
    for number, who in enumerate(neighbours[:40]):
        days, item = 2 + number % 11, made[(2, 4, 6, 3, 1)[number % 5]]
        done = ("placed", "ready", "handed_out", "handed_out")[number % 4]
        _order(item, who, project, demo, days, done, actor)
    for number, who in enumerate(neighbours[::2]):
        _order(made[0], who, project, demo, 3, ("placed", "handed_out")[number % 3 // 2], actor)
    # Before this month, so that there is something to settle.
    earlier, before = 0, demo.today.day + 2
    for who in reversed(neighbours):
        item = made[(4, 1, 0, 12)[earlier % 4]]
        earlier += bool(_order(item, who, project, demo, before, "handed_out", actor))
        if earlier == 8:
            break
    if earlier:
        settle(project, demo, made)
    fill_benefits(project, owner, neighbours, actor)
    fill_care(project, demo)
    rich = neighbours[::-1]
    _orders(made[10], rich, 3, project, demo, 5, "placed", actor)
    _use_in_parts(_orders(made[11], rich, 3, project, demo, 4, "placed", actor), actor, demo)
    # What is free of charge leaves the owner's points as they are.
    treats = [_order(item, owner, project, demo, 2, "ready", actor) for item in made[13:]]
    _use_in_parts([each for each in treats if each], actor, demo)


def _orders(
    item: Item, people: Sequence[MemberRef], many: int, project: ProjectRef, *how: Any
) -> list[Order]:
    """Let the first so many who can pay for it redeem an item."""
    tried = (_order(item, who, project, *how) for who in people)
    return list(islice((each for each in tried if each), many))


def _use_in_parts(orders: Sequence[Order], actor: Any, demo: Demo) -> None:
    """Take a part off one voucher, and all off another: the third is as it was given."""
    given = sa.select(Voucher).where(Voucher.order_id.in_([each.id for each in orders]))
    vouchers = db.session.scalars(given.order_by(Voucher.id)).all()
    for voucher, share in zip(vouchers, (2, 1), strict=False):
        amount, at = voucher.left_over // share, demo.moment(1, 15)
        use(actor=actor, voucher=voucher, seen=voucher.left_over, amount=amount, at=at)


def _write(scene: Scene, place: int, project: ProjectRef, demo: Demo) -> Item:
    ladder = tiers()
    upper = [each for each in ladder if each.key in ("gold", "diamond")]
    top = {each.key: dict(each.name) for each in ladder[-1:]} if scene.more.get("top") else {}
    draft = Draft(
        kind=scene.kind,
        way=scene.way,
        cover=scene.cover,
        title=scene.title,
        hint=scene.hint,
        about=_ABOUT if scene.way == Way.COLLECT else {},
        price=scene.points * 1000,
        prices={each.key: scene.golden * 1000 for each in upper} if scene.golden else {},
        counts_stock=scene.pieces is not None,
        at_once=scene.at_once,
        member_most=scene.more.get("member_most"),
        member_period=scene.more.get("member_period", Period.YEAR),
        household_most=scene.more.get("household_most"),
        household_period=scene.more.get("household_period", Period.YEAR),
        rules=Rules(scene.more.get("home", ""), top).as_json(),
        prepared=scene.more.get("prepared", True),
        place=place * 10,
    )
    actor = demo.staff["staff"]
    item = write(actor=actor, project=project, draft=draft)
    if scene.pieces is not None:
        change_stock(actor=actor, item=item, kind=Move.RECEIVED, pieces=scene.pieces, note="入库")
    if "opens" in scene.more:
        opens = demo.moment(-scene.more["opens"], 9)
        db.session.add(
            OpenWindow(
                item_id=item.id, project_id=project.id, opens_at=opens,
                closes_at=opens + timedelta(days=14),
            )
        )  # fmt: skip
        db.session.flush()
    if "worth" in scene.more:
        set_terms(actor=actor, project=project, item=item, worth=scene.more["worth"], days=180)
    if "fee" in scene.more:
        set_worth(actor=actor, project=project, item=item, worth=scene.more["fee"])
    offer(actor=actor, project=project, item=item)
    return item


def _order(
    item: Item,
    who: MemberRef,
    project: ProjectRef,
    demo: Demo,
    days_ago: int,
    until: str,
    actor: Any,
) -> Order | None:
    """Let a member redeem an item, as far as the points go."""
    at = demo.moment(days_ago, 9 + days_ago % 8)
    savepoint = db.session.begin_nested()
    try:
        order = ordering.reserve(
            item_id=item.id,
            member=who,
            project=project,
            quantity=1,
            price_seen=price_for(item, household_of(who, project).tier),
            at=at,
        )
        note = "请送到门口，谢谢" if order.way == Way.DELIVER and item.kind != Kind.VOUCHER else ""
        fee = FeeWish()
        if item.kind == Kind.FEE:
            month = months_from(business_date(project.time_zone, at))[0]
            fee = FeeWish(homes_of(who, project)[0].public_id, month)
        ordering.place(order=order, member=who, project=project, note=note, days=14, at=at, fee=fee)
        later = at + timedelta(hours=5)
        if until == "ready" and order.way == Way.COLLECT and item.prepared:
            handling.prepare(actor=actor, order=order, project=project, days=14, at=later)
        elif until == "handed_out" and order.way == Way.COLLECT:
            handling.hand_out(actor=actor, order=order, at=later)
        elif until == "handed_out":
            handling.send(actor=actor, order=order, project=project, at=later)
    except RewardError:
        # Fewer points than it costs.
        savepoint.rollback()
        return None
    savepoint.commit()
    return order

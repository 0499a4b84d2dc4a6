"""Partners for the demo club."""

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.rewards.models import Item
from plugins.rewards.partners import service
from plugins.rewards.partners.service import Draft
from plugins.rewards.partners.states import Category
from portal.sdk import ProjectRef, tiers


def _texts(simplified: str, traditional: str, english: str) -> Mapping[str, str]:
    return {"zh_Hans_CN": simplified, "zh_Hant": traditional, "en": english}


_SHOWING = _texts(
    "结账前出示会员码，同行家人同享",
    "結賬前出示會員碼，同行家人同享",
    "Show your code before paying; it counts for your family, too",
)
_PARTNERS: Sequence[tuple[Category, str, dict[str, Mapping[str, str]], dict[str, Any]]] = (
    (
        Category.DINING,
        "0571 5550 1801",
        {
            "name": _texts("邻里咖啡", "鄰里咖啡", "Neighbours' Coffee"),
            "address": _texts("滨江大道 18 号 1 楼", "濱江大道 18 號 1 樓", "18 Riverside Avenue"),
            "way": _texts(
                "小区东门出门右转步行三分钟",
                "小區東門出門右轉步行三分鐘",
                "East gate, turn right, three minutes on foot",
            ),
            "hours": _texts("每天 8:00–21:00", "每天 8:00–21:00", "Every day, 8:00 to 21:00"),
            "about": _texts(
                "手冲与烘焙，有儿童座椅。", "手沖與烘焙，有兒童座椅。", "Filter coffee."
            ),
        },
        {
            "": _texts("饮品九折", "飲品九折", "10 per cent off drinks"),
            "gold": _texts("饮品八折", "飲品八折", "20 per cent off drinks"),
            "diamond": _texts(
                "每月一杯免费手冲，其余七折",
                "每月一杯免費手沖，其餘七折",
                "A free coffee a month, 30 per cent off the rest",
            ),
        },
    ),
    (
        Category.LEISURE,
        "0571 5550 1922",
        {
            "name": _texts("江畔影城", "江畔影城", "Riverside Cinema"),
            "address": _texts("江畔广场 4 楼", "江畔廣場 4 樓", "Riverside Square, 4th floor"),
            "way": _texts("地库 B2 有会员车位", "地庫 B2 有會員車位", "Members park on level B2"),
            "hours": _texts("每天 10:00–24:00", "每天 10:00–24:00", "Every day, 10:00 to midnight"),
        },
        {"": _texts("工作日票价 35 元", "工作日票價 35 元", "Tickets for 35 yuan on weekdays")},
    ),
    (
        Category.HOME,
        "0571 5550 2033",
        {
            "name": _texts("安心家政", "安心家政", "Anxin Home Care"),
            "address": _texts("会所 1 楼服务台", "會所 1 樓服務台", "Clubhouse, ground floor"),
            "hours": _texts("周一至周六 9:00–18:00", "週一至週六 9:00–18:00", "Mon–Sat, 9–18"),
        },
        {
            "": _texts("首次保洁立减 30 元", "首次保潔立減 30 元", "30 yuan off the first clean"),
            "gold": _texts("每次保洁立减 30 元", "每次保潔立減 30 元", "30 yuan off every clean"),
        },
    ),
)


def add_partners(project: ProjectRef, actor: Any, items: Sequence[Item]) -> None:
    """Add three partners that owners see; the coffee, the cinema and the cleaning are theirs."""
    known = {"", *(each.key for each in tiers())}
    made = []
    for place, (category, phone, texts, offers) in enumerate(_PARTNERS, 1):
        told = {tier: text for tier, text in offers.items() if tier in known}
        draft = Draft(category, phone, place * 10, texts | {"showing": _SHOWING}, told)
        made.append(service.write(actor=actor, project=project, draft=draft))
        service.show(actor=actor, partner=made[-1])
    for partner, cover in zip(made, ("coffee", "ticket", "clean"), strict=True):
        for item in items:
            if item.cover == cover and item.kind in ("offer", "service"):
                service.give_item(actor=actor, partner=partner, item=item)

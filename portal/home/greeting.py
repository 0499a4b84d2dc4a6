"""How a member is greeted: by the hour where they live, with the name they go by."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.i18n import gettext
from portal.members.models import Member, Salutation

COMPOUND_SURNAMES = frozenset(
    {
        "欧阳",
        "歐陽",
        "司马",
        "司馬",
        "上官",
        "诸葛",
        "諸葛",
        "东方",
        "東方",
        "皇甫",
        "尉迟",
        "尉遲",
        "公孙",
        "公孫",
        "慕容",
        "令狐",
        "宇文",
        "长孙",
        "長孫",
        "司徒",
        "司空",
        "夏侯",
        "端木",
        "南宫",
        "南宮",
        "独孤",
        "獨孤",
        "轩辕",
        "軒轅",
        "西门",
        "西門",
        "东郭",
        "東郭",
        "百里",
        "呼延",
        "申屠",
        "淳于",
        "拓跋",
        "钟离",
        "鍾離",
        "闻人",
        "聞人",
        "赫连",
        "赫連",
        "澹台",
        "澹臺",
        "公冶",
        "太史",
        "濮阳",
        "濮陽",
        "第五",
    }
)
_CHINESE_NAME = re.compile(r"[㐀-䶿一-鿿]{2,6}")


def family_name(name: str) -> str | None:
    """Return the family name of a Chinese name, 欧阳 and its like included; None for others."""
    if not _CHINESE_NAME.fullmatch(name):
        return None
    return name[:2] if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else name[:1]


def addressed(member: Member) -> str:
    """Return a member's name as one says it: 林女士; the full name where there is no title."""
    family = family_name(member.name)
    if family and member.salutation == Salutation.MS:
        return gettext("Ms %(family)s", family=family)
    if family and member.salutation == Salutation.MR:
        return gettext("Mr %(family)s", family=family)
    return member.name


def greeting(member: Member, *, at: datetime, time_zone: str) -> str:
    """Return "Good afternoon, Ms Lin": by the hour of `at` (aware) in `time_zone`."""
    hour = at.astimezone(ZoneInfo(time_zone)).hour
    name = addressed(member)
    if 5 <= hour < 12:
        return gettext("Good morning, %(name)s", name=name)
    if 12 <= hour < 18:
        return gettext("Good afternoon, %(name)s", name=name)
    return gettext("Good evening, %(name)s", name=name)


def years_in_club(joined_on: date, today: date) -> int:
    """Return which year of membership `today` is in: 1 until the first anniversary."""
    anniversary = (today.month, today.day) >= (joined_on.month, joined_on.day)
    return max(1, today.year - joined_on.year + (1 if anniversary else 0))

"""The club's usual ladder, in the JSON form of portal.tiers.schema: what a new club begins with.

Blue: everybody; silver: one home; gold: two homes or 20,000 qualifying points in 12 months;
diamond: 100,000 in 24 months; a tier is kept at 80 %.
"""

from typing import Any

_POINT = 1000


def _texts(hans: str, hant: str, en: str) -> dict[str, str]:
    return {"zh_Hans_CN": hans, "zh_Hant": hant, "en": en}


def _benefit(key: str, kind: str, icon: str, title: Any, text: Any, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "icon": icon, "title": title, "text": text, **more}


def _points(months: int, name: dict[str, str]) -> dict[str, Any]:
    window = {"kind": "rolling", "months": months}
    return {"key": f"points_{months}", "kind": "points", "window": window, "name": name}


NAME = _texts("会员等级", "會員等級", "Membership tiers")
_CARE = _texts("专属管家", "專屬管家", "Personal concierge")
_EARLY = _texts("活动优先报名", "活動優先報名", "Early booking of events")
_FEE = _texts("物业费积分抵扣", "物業費積分抵扣", "Fees paid with points")
_NO_ARREARS = _texts("不含滞纳金与车位费", "不含滯納金與車位費", "Not for late fees or parking")
_BIRTHDAY = _texts("生日礼", "生日禮", "Birthday gift")
_TEA = _texts("会所茶饮", "會所茶飲", "Clubhouse drinks")
_CLEANING = _texts("家电清洗", "家電清洗", "Appliance cleaning")


def _early(days: int) -> dict[str, Any]:
    text = _texts(f"比蓝卡早 {days} 天", f"比藍卡早 {days} 天", f"{days} day(s) before Blue")
    return _benefit("early_booking", "priority", "calendar-event", _EARLY, text)


def _fees(percent: int) -> dict[str, Any]:
    text = _texts(f"最高抵 {percent}%", f"最高抵 {percent}%", f"Up to {percent} % of the fee")
    return _benefit("fee_discount", "discount", "receipt", _FEE, text, excluded=_NO_ARREARS)


def _birthday(points: int) -> dict[str, Any]:
    text = _texts(f"{points} 积分", f"{points} 積分", f"{points} points")
    return _benefit("birthday", "gift", "cake", _BIRTHDAY, text)


def _tea(hans: str, en: str) -> dict[str, Any]:
    return _benefit("clubhouse", "discount", "coffee", _TEA, _texts(hans, hans, en))


_NEWS = _benefit(
    "news", "service", "home", _texts("新盘消息", "新盤消息", "News of new homes"),
    _texts("开盘前一周告知", "開盤前一週告知", "A week before sales open"),
)  # fmt: skip
_PARKING = _benefit(
    "guest_parking", "service", "car", _texts("访客车位", "訪客車位", "Guest parking"),
    _texts("每月 2 次", "每月 2 次", "Twice a month"),
    projects={"binjiang": _texts("每月 4 次", "每月 4 次", "Four times a month")},
)  # fmt: skip
_CLEAN = _benefit(
    "cleaning", "gift", "tools", _CLEANING, _texts("每年 1 次", "每年 1 次", "Once a year"),
    budget=600,
)  # fmt: skip
_BUTLER = _benefit(
    "concierge", "service", "headset", _CARE,
    _texts("每天 9:00 – 21:00", "每天 9:00 – 21:00", "Daily from 9 a.m. to 9 p.m."),
)  # fmt: skip

FORM: dict[str, Any] = {
    "metrics": [
        {"key": "units", "kind": "units", "name": _texts("认证房产", "認證房產", "Verified homes")},
        _points(12, _texts("近 12 个月升级积分", "近 12 個月升級積分",
                           "Qualifying points, 12 months")),
        _points(24, _texts("近 24 个月升级积分", "近 24 個月升級積分",
                           "Qualifying points, 24 months")),
    ],
    "tiers": [
        {
            "key": "blue", "name": _texts("蓝卡", "藍卡", "Blue"), "color": "blue", "icon": "id",
            "benefits": [_NEWS, _birthday(88)],
        },
        {
            "key": "silver", "name": _texts("银卡", "銀卡", "Silver"),
            "color": "silver", "icon": "award",
            "reach": {"metric": "units", "at_least": 1},
            "benefits": [_early(1), _fees(5), _birthday(188), _PARKING],
        },
        {
            "key": "gold", "name": _texts("金卡", "金卡", "Gold"), "color": "gold", "icon": "crown",
            "reach": {"any": [
                {"metric": "units", "at_least": 2},
                {"metric": "points_12", "at_least": 20_000 * _POINT},
            ]},
            "benefits": [_early(2), _fees(8), _birthday(288), _PARKING, _CLEAN,
                         _tea("8.8 折", "12 % off")],
        },
        {
            "key": "diamond", "name": _texts("钻石卡", "鑽石卡", "Diamond"),
            "color": "diamond", "icon": "diamond",
            "reach": {"metric": "points_24", "at_least": 100_000 * _POINT},
            "benefits": [_early(3), _fees(10), _birthday(588), _PARKING, _CLEAN,
                         _tea("7.5 折", "25 % off"), _BUTLER],
        },
    ],
    "keep_percent": 80,
    "down": {"when": "period_start", "to": "one_step", "whole_periods": 1},
}  # fmt: skip

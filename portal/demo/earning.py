"""The demo club's earning rules, published, and a few things that they decided about."""

from datetime import timedelta
from typing import Any

from portal.demo.stage import Stage
from portal.earning import drafting, publishing
from portal.earning.backtesting import ask_backtest
from portal.earning.schema import load_rule
from portal.earning.service import record_fact
from portal.facts.service import NewFact
from portal.members.models import Member

_BOTH = ["redeemable", "qualifying"]


def _rule(key: str, source: str, names: tuple[str, str, str], **values: Any) -> dict[str, Any]:
    title = dict(zip(("zh_Hans_CN", "zh_Hant", "en"), names, strict=True))
    return load_rule({"key": key, "source": source, "title": title, **values})


def _fixed(points: str) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


RULES = (
    _rule(
        "welcome",
        "member.joined",
        ("入会礼", "入會禮", "Welcome"),
        amount=_fixed("100"),
        to=["redeemable"],
        limits=[{"per": "member", "period": "ever", "times": 1}],
    ),
    _rule(
        "profile",
        "profile.completed",
        ("完善资料", "完善資料", "Profile completed"),
        amount=_fixed("50"),
        to=["redeemable"],
    ),
    _rule(
        "home",
        "unit.verified",
        ("房产认证", "房產認證", "Home verified"),
        when={"field": "role", "op": "in", "value": ["owner", "co_owner"]},
        amount=_fixed("2000"),
        to=_BOTH,
        limits=[{"per": "unit", "period": "ever", "times": 1}],
    ),
    _rule(
        "purchase",
        "contract.signed",
        ("购房积分", "購房積分", "Home bought"),
        amount={
            "kind": "per_amount",
            "divisor": "1000",
            "points": "1",
            "rounding": "floor",
            "times_by_tier": {"gold": "1.2", "diamond": "1.5"},
        },
        to=_BOTH,
        pending={"until": "contract.paid", "percent": 30},
    ),
    _rule(
        "fee",
        "fee.paid",
        ("按时缴纳物业费", "按時繳納物業費", "Management fee paid in time"),
        when={
            "all": [
                {"field": "category", "op": "is", "value": "management"},
                {"field": "days_late", "op": "at_most", "value": 0},
            ]
        },
        amount={"kind": "per_amount", "divisor": "5", "points": "1", "rounding": "floor"},
        to=_BOTH,
    ),
    _rule(
        "tenure",
        "tenure.month",
        ("会龄积分", "會齡積分", "A month of membership"),
        amount=_fixed("5"),
        to=["qualifying"],
    ),
    _rule(
        "birthday",
        "member.birthday",
        ("生日礼", "生日禮", "Birthday present"),
        amount=_fixed("288"),
        to=["redeemable"],
        limits=[{"per": "member", "period": "year", "times": 1}],
    ),
)


FESTIVAL = _rule(
    "festival",
    "manual.award",
    ("新春志愿服务", "新春志願服務", "New Year volunteering"),
    when={
        "any": [
            {
                "all": [
                    {"field": "category", "op": "is", "value": "volunteer"},
                    {"field": "month", "op": "in", "value": [1, 2]},
                ]
            },
            {"field": "category", "op": "is", "value": "lantern"},
        ]
    },
    amount=_fixed("60"),
    to=["redeemable"],
    limits=[{"per": "member", "period": "month", "times": 2}],
    budget={"code": "festival", "points": "30000"},
)


def add_earning(stage: Stage) -> None:
    """Publish the rules from today on, and tell of a few things that happen under them.

    What the cast had in this year is recorded before: nobody gets points twice.
    """
    for member in stage.members.values():
        record_fact(actor=None, new=_birthday(stage, member))
    centre, admin = stage.accounts["centre@demo.test"], stage.accounts["admin@demo.test"]
    draft = drafting.start_draft(actor=centre)
    for rule in RULES:
        drafting.save_rule(actor=centre, draft=draft, definition=rule)
    proposal = publishing.propose(
        actor=centre, draft=draft, begins_on=stage.today, note="会员章程首版积分规则"
    )
    publishing.publish(actor=admin, draft=draft, seen=proposal.created_at.isoformat())
    owner = stage.members["owner"]
    _tell(stage, owner, "tenure.month", "demo", facts={"month_number": 40})
    _tell(
        stage,
        owner,
        "fee.paid",
        "demo-late",
        amount=42_200,
        category="management",
        facts={"days_late": 12, "period": "2026-Q4"},
    )
    _tell(stage, stage.members["spouse"], "profile.completed", "demo")
    _tell(
        stage,
        stage.members["settled"],
        "fee.paid",
        "demo-in-time",
        amount=128_000,
        category="management",
        facts={"days_late": 0, "period": "2026-Q4"},
    )
    _draft_next(stage)


def _draft_next(stage: Stage) -> None:
    """Leave the next version as a draft that a colleague has proposed, replayed on this year."""
    centre = stage.accounts["centre@demo.test"]
    draft = drafting.start_draft(actor=centre)
    fee = next(rule for rule in RULES if rule["key"] == "fee")
    doubled = {**fee, "amount": {**fee["amount"], "points": "2"}}
    drafting.save_rule(actor=centre, draft=draft, definition=doubled, old_key="fee")
    drafting.save_rule(actor=centre, draft=draft, definition=FESTIVAL)
    first = stage.today.replace(month=1, day=1)
    ask_backtest(actor=centre, draft=draft, since=first, until=stage.today)
    publishing.propose(
        actor=centre,
        draft=draft,
        begins_on=stage.today + timedelta(days=14),
        note="物业费积分加倍，新增新春志愿服务",
    )


def _birthday(stage: Stage, member: Member) -> NewFact:
    key = f"{member.public_id}:{stage.today.year}"
    return NewFact("member.birthday", key, stage.today, member_id=member.id)


def _tell(stage: Stage, member: Member, source: str, key: str, **values: Any) -> None:
    record_fact(
        actor=None,
        new=NewFact(
            source,
            f"{key}:{member.public_id}",
            stage.today,
            member_id=member.id,
            **values,
        ),
    )

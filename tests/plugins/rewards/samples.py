"""An order of a member's, for the portal's own tests."""

from datetime import timedelta

from plugins.rewards.care.states import Act, Care, Outcome, Rhythm, TaskState
from plugins.rewards.models import (
    BenefitCount,
    BenefitRule,
    BenefitUse,
    CareBudget,
    CareDecline,
    CareRule,
    CareStep,
    CareTask,
    CareTerms,
    Favourite,
    FeeCredit,
    FeeTerms,
    Item,
    ItemPartner,
    Movement,
    OpenWindow,
    Order,
    Partner,
    PartnerOffer,
    Rate,
    Statement,
    StatementLine,
    Step,
    TierPrice,
    Used,
    Voucher,
    VoucherTerms,
    VoucherUse,
    WrongCode,
)
from plugins.rewards.states import Kind, Move, Shown, State, Way
from portal import clock
from portal.members.models import Member
from portal.projects.models import Project
from tests.factories import add
from tests.plugin_host.conftest import switch_on

_ITEM, _ORDER, _VOUCHER = "rewards.item", "rewards.order", "rewards.voucher"
_CLUBS = "rewards.club_item"
_FEE = "rewards.fee"
_RULE, _TASK = "rewards.care_rule", "rewards.care_task"
_USE, _WHO = "rewards.benefit_use", "rewards.member"
_PARTNER = "rewards.partner"
_STATEMENT = "rewards.statement"
NAMES = {
    "rewards_staff.statement": {"public_id": _STATEMENT},
    "rewards_staff.drop_statement": {"public_id": _STATEMENT},
    "rewards_staff.approve_statement": {"public_id": _STATEMENT},
    "rewards_staff.send_back_statement": {"public_id": _STATEMENT},
    "rewards_staff.pay_statement": {"public_id": _STATEMENT},
    "rewards_staff.export_statement": {"public_id": _STATEMENT},
    "rewards_staff.care_task": {"public_id": _TASK},
    "rewards_staff.act_on_care": {"public_id": _TASK},
    "rewards_staff.care_rule": {"public_id": _RULE},
    "rewards_staff.end_care_rule": {"public_id": _RULE},
    "rewards_staff.member_benefits": {"public_id": _WHO},
    "rewards_staff.use_benefit": {"public_id": _WHO},
    "rewards_staff.undo_benefit_use": {"public_id": _USE},
    "rewards_staff.fee_worth": {"public_id": _FEE},
    "rewards_staff.set_fee_worth": {"public_id": _FEE},
    "rewards": {"public_id": _ITEM},
    "rewards.order": {"public_id": _ORDER},
    "rewards.confirm": {"public_id": _ORDER},
    "rewards.cancel": {"public_id": _ORDER},
    "rewards_api": {"public_id": _ITEM},
    "rewards_api.my_order": {"public_id": _ORDER},
    "rewards_api.confirm_order": {"public_id": _ORDER},
    "rewards_api.cancel_order": {"public_id": _ORDER},
    "rewards_staff": {"public_id": _ITEM},
    "rewards_centre": {"public_id": _CLUBS},
    "rewards_settlement_api": {"public_id": _STATEMENT},
    "rewards_staff.show_order": {"public_id": _ORDER},
    "rewards_vouchers_api": {"public_id": _VOUCHER},
    "rewards_partners_api": {"public_id": _PARTNER},
    "rewards.voucher": {"public_id": _VOUCHER},
    "rewards.show_partner": {"public_id": _PARTNER},
    "rewards_staff.partner": {"public_id": _PARTNER},
    "rewards_staff.edit_partner": {"public_id": _PARTNER},
    "rewards_staff.change_partner": {"public_id": _PARTNER},
    "rewards_staff.step": {"public_id": _ORDER},
}

# The club's catalogue: only the group opens it.
CLUB_WIDE = {f"rewards_centre.{page}" for page in ("show", "edit", "offer", "stock")}


def add_sample(project: Project, member: Member) -> dict[str, str]:
    """Add an item that the member has marked, ordered and fetched, free of charge."""
    switch_on("rewards", project)
    now, where = clock.now(), {"project_id": project.id}
    texts = {"zh_Hans_CN": "明前龙井"}
    item = add(
        Item(
            **where, kind=Kind.VOUCHER, state=Shown.SHOWN, way=Way.COLLECT, title=texts, hint={},
            about={}, words="明前龙井", cover="tea", price=0, stock=5, sold=1, rules={},
        )
    )  # fmt: skip
    of_item = where | {"item_id": item.id}
    add(TierPrice(**of_item, tier="gold", price=0))
    add(OpenWindow(**of_item, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1)))
    add(Movement(**of_item, kind=Move.RECEIVED, pieces=5, left_over=5, by=1))
    add(Favourite(**of_item, member_id=member.id))
    add(Used(**of_item, member_id=member.id, period="2026", used=1, most=2))
    order = add(
        Order(
            **of_item, member_id=member.id, household_id=member.household_id, state=State.COLLECTED,
            way=Way.COLLECT, quantity=1, price=0, code=project.slug.upper()[:12].ljust(12, "2"),
            title=texts, note="请放前台", placed_at=now, done_at=now,
        )
    )  # fmt: skip
    step = add(Step(**where, order_id=order.id, state=State.COLLECTED, by=1, at=now))
    fee = add(
        Item(
            **where, kind=Kind.FEE, state=Shown.SHOWN, way=Way.DELIVER, title=texts, hint={},
            about={}, words="物业费", cover="fee", price=0, rules={},
        )
    )  # fmt: skip
    add(FeeTerms(**where, item_id=fee.id, worth=10_000))
    add(
        FeeCredit(
            **where,
            order_id=order.id,
            month="2026-07",
            worth=10_000,
            building="2 栋",
            number="1502",
        )
    )
    add(VoucherTerms(**of_item, worth=1000, days=30, listed=False))
    voucher = add(
        Voucher(
            **of_item, order_id=order.id, member_id=member.id, code=f"V{order.code}", secret="s",
            worth=1000, left_over=400, in_parts=True, valid_until=now + timedelta(days=30),
        )
    )  # fmt: skip
    add(VoucherUse(**where, voucher_id=voucher.id, amount=600, left_over=400, by=1))
    partner = add(
        Partner(
            **where, category="dining", name={"zh_Hans_CN": "邻里咖啡"}, words="邻里咖啡",
            shown_at=now, offers=[PartnerOffer(**where, tier="", text={"zh_Hans_CN": "九折"})],
        )
    )  # fmt: skip
    add(ItemPartner(**of_item, partner_id=partner.id))
    add(Rate(**of_item, month="2026-07", fen=800))
    statement = add(
        Statement(
            **where, number=1, month="2026-07", party="partner", partner_id=partner.id, points=0,
            amount=800, rows=1, unrated=0, ledger=0, made_by=1,
        )
    )  # fmt: skip
    add(
        StatementLine(
            **of_item, statement_id=statement.id, step_id=step.id, on=now.date(), pieces=1,
            points=0, amount=800, rate=800,
        )
    )  # fmt: skip
    club = add(
        Item(
            kind=Kind.GIFT, state=Shown.DRAFT, way=Way.COLLECT, title=texts, hint={}, about={},
            words="全会好礼", cover="tea", price=0, rules={},
        )
    )  # fmt: skip
    add(WrongCode(**where, who="account:1", minute=1, wrong=1))
    rule, task = _add_care(project, member, where)
    add(BenefitRule(**where, tier="gold", benefit="cleaning", most=2, period="year"))
    of_member = where | {"member_id": member.id, "benefit": "cleaning"}
    count = add(BenefitCount(**of_member, period="2026", used=1, most=2))
    use = add(
        BenefitUse(
            **of_member, count_id=count.id, tier="gold", title=texts, key="sample",
            by=1, created_at=now,
        )
    )  # fmt: skip
    return {
        _RULE: rule.public_id,
        _TASK: task.public_id,
        _USE: use.public_id,
        _WHO: member.public_id,
        _PARTNER: partner.public_id,
        _STATEMENT: statement.public_id,
        _FEE: fee.public_id,
        _VOUCHER: voucher.public_id,
        _ITEM: item.public_id,
        _CLUBS: club.public_id,
        _ORDER: order.public_id,
    }


def _add_care(project: Project, member: Member, where: dict[str, int]) -> tuple[CareRule, CareTask]:
    """Add a birthday gift that was given, with its budget."""
    today = clock.business_date(project.time_zone)
    what = {"tier": "gold", "kind": Care.GIFT, "rhythm": Rhythm.BIRTHDAY}
    rule = add(CareRule(**where, **what))
    add(CareTerms(**where, rule_id=rule.id, version=1, since=today, amount=10_000, by=1))
    task = add(
        CareTask(
            **where, **what, rule_id=rule.id, version=1, member_id=member.id, turn=today.year,
            building="2 栋", number="1502", opens_on=today, due_on=today, promised_on=today,
            state=TaskState.DONE, assigned_to=1, amount=10_000, month=f"{today:%Y-%m}", spent=8000,
            outcome=Outcome.REACHED, note="送了桂花乌龙", ended_on=today,
        )
    )  # fmt: skip
    add(CareStep(**where, task_id=task.id, act=Act.DONE, by=1))
    add(CareBudget(**where, month=task.month, kind=Care.GIFT, planned=50_000, spent=8000))
    add(CareDecline(**where, member_id=member.id, kind=Care.CALL))
    return rule, task

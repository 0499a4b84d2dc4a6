"""A demo in which owners brought friends, at every stage of the way."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.referrals import consent, inviting, stages
from plugins.referrals.checks import Answer, run_checks, worst
from plugins.referrals.demo_more import show_more
from plugins.referrals.disputes import open_dispute
from plugins.referrals.exclusions import hash_of
from plugins.referrals.models import (
    Budget,
    Campaign,
    KnownCustomer,
    Lead,
    Referrer,
    Reward,
    RewardLine,
    TaxRate,
)
from plugins.referrals.payout import propose
from plugins.referrals.posting import approve
from plugins.referrals.states import State
from portal.sdk import Demo, MemberRef, ProjectRef, db, now

# Name, how many days ago the friend agreed, how far: fictional people.
_FRIENDS = (
    ("周先生", 40, State.SIGNED),
    ("沈女士", 11, State.VISITED),
    ("何先生", 0, State.REPORTED),
    ("吴先生", 20, State.REJECTED),
)
_OTHERS = (
    ("蒋先生", 1, State.REPORTED),
    ("郑女士", 25, State.SIGNED),
    ("许先生", 70, State.PAID),
    ("钱女士", 9, State.VISITED),
    ("冯先生", 2, State.ACCEPTED),
)
_LINES: tuple[dict[str, Any], ...] = (
    {"stage": "visited", "beneficiary": "owner", "kind": "points", "amount": 200_000},
    {"stage": "signed", "beneficiary": "owner", "kind": "cash", "amount": 300_000},
    {"stage": "signed", "beneficiary": "friend", "kind": "cash", "amount": 100_000},
    # 0.3 percent of the price, 8,000 yuan at most.
    {
        "stage": "paid", "beneficiary": "owner", "kind": "cash", "measure": "percent",
        "amount": 30, "most": 800_000,
    },
)  # fmt: skip


_ALIASES = ("桂花香", "银杏")
"""Of the owner who is shown, and of a neighbour."""


def fill(project: ProjectRef, demo: Demo) -> None:
    """Write rules and friends; `binjiang` has many, other projects the rules alone."""
    rules = Campaign(
        project_id=project.id,
        version=1,
        starts_at=demo.moment(120, 9),
        title={
            "zh_Hans_CN": "邀好友，做邻居",
            "zh_Hant": "邀好友，做鄰居",
            "en": "Invite friends, win neighbours",
        },
        promise={
            "zh_Hans_CN": "好友首次到访，您得 200 积分；"
            "好友签约，您得现金 3,000 元，好友得 1,000 元；"
            "付清房款，您再得总价的 0.3%，最多 8,000 元。",
            "zh_Hant": "好友首次到訪，您得 200 積分；"
            "好友簽約，您得現金 3,000 元，好友得 1,000 元；"
            "付清房款，您再得總價的 0.3%，最多 8,000 元。",
            "en": "200 points when your friend visits; ¥3,000 for you and ¥1,000 for your friend "
            "when the contract is signed, and 0.3 % of the price for you when it is paid, "
            "¥8,000 at most.",
        },
        kin=["spouse", "parent", "child"],
        shares=[50, 30, 20],
        made_by=demo.staff["manager"].id,
    )
    db.session.add(rules)
    db.session.flush()
    _promise(project, demo, rules)
    # Reached where owners bring friends; the other project shows the alert.
    demo.settings["least_share"] = 40
    owner = demo.members.get("owner")
    lives_here = owner is not None and any(each.id == owner.id for each in demo.residents)
    if owner is None or not lives_here:
        return
    others = [each for each in demo.residents if each.household_id != owner.household_id]
    made = 0
    for referrer, friends in ((owner, _FRIENDS), *((each, _OTHERS) for each in others[:1])):
        for name, days, state in friends:
            made += 1
            _friend(project, demo, rules, referrer, (name, days, state), made)
        joined = inviting.join(project=project, member=referrer)
        joined.alias = _ALIASES[referrer.id != owner.id]
        _settle(joined)
    _pay(project, demo)
    show_more(project, demo, rules, [owner, *_of_other_homes(owner, others)])
    for number in range(60):
        db.session.add(
            KnownCustomer(
                project_id=project.id,
                phone_hash=hash_of(f"+861990090{number:04d}"),
                seen="agent" if number % 6 == 0 else "visit",
                seen_on=demo.today - timedelta(days=demo.rng.randrange(1, 80)),
            )
        )


def _of_other_homes(owner: MemberRef, others: list[MemberRef]) -> list[MemberRef]:
    """Return two owners of two more households."""
    found = {each.household_id: each for each in others if each.household_id != owner.household_id}
    return list(found.values())[:2]


def _promise(project: ProjectRef, demo: Demo, rules: Campaign) -> None:
    """Promise points for a visit and cash for a contract, within a budget."""
    where = {"project_id": project.id, "campaign_id": rules.id, "tiers": [], "buildings": []}
    for place, values in enumerate(_LINES, 1):
        db.session.add(RewardLine(**where, place=place, **values))
    day = demo.today - timedelta(days=120)
    db.session.add(
        Budget(project_id=project.id, kind="cash", starts_on=day, amount=20_000_000, used=0)
    )
    db.session.add(TaxRate(project_id=project.id, starts_on=day, tax_class="incidental", rate=2000))
    db.session.flush()


def _pay(project: ProjectRef, demo: Demo) -> None:
    """Let finance approve what the first contract earned, and propose to pay it."""
    clerk = demo.staff["finance"]
    rewards = db.session.scalars(
        sa.select(Reward)
        .where(Reward.project_id == project.id, Reward.state == "earned", Reward.kind == "cash")
        .order_by(Reward.earned_on, Reward.beneficiary.desc())
        .limit(2)
    ).all()
    for reward in rewards:
        approve(actor=clerk, project=project, reward=reward)
    if rewards:
        propose(actor=clerk, project=project)


def _friend(
    project: ProjectRef,
    demo: Demo,
    rules: Campaign,
    member: MemberRef,
    what: tuple[str, int, State],
    number: int,
) -> None:
    name, days, state = what
    referrer = inviting.join(project=project, member=member)
    _settle(referrer)
    agreed = min(demo.moment(days, 10), _latest(demo) - timedelta(minutes=50))
    lead = consent.agree_by_link(
        project=project,
        referrer=referrer,
        name=name,
        phone=f"+861990091{number:04d}",
        words="demo",
        at=agreed,
    )
    acts: dict[str, Any] = {"actor": demo.staff["verifier"], "project": project, "lead": lead}
    if state == State.REJECTED:
        came = agreed + timedelta(hours=2)
        stages.reject(**acts, reason="LeadKnownToProject", words="", at=came)
        open_dispute(
            actor=demo.staff["staff"], project=project, lead=lead, side="staff", at=came,
            words="业主来电：好友报备前从未到过案场，请核对来访登记。",
        )  # fmt: skip
    elif state == State.ACCEPTED:
        _accept(acts, referrer, rules, agreed)
    elif state != State.REPORTED:
        _visit_and_buy(acts, referrer, rules, min(agreed + timedelta(days=1), _latest(demo)), state)
    elif number % 2:
        stages.note_arrival(**acts, rules=rules, at=_latest(demo) - timedelta(minutes=5))


def _latest(demo: Demo) -> datetime:
    """Return now, and never a day before the demo's."""
    return max(now(), demo.moment(0, 0))


def _accept(acts: dict[str, Any], referrer: Referrer, rules: Campaign, at: datetime) -> None:
    checks = run_checks(
        project=acts["project"], lead=acts["lead"], referrer=referrer, rules=rules, at=at
    )
    words = "" if worst(checks) is Answer.PASSED else "已与客户当面核实"
    stages.accept(**acts, rules=rules, checks=checks, words=words, at=at, may_override=True)


def _visit_and_buy(
    acts: dict[str, Any], referrer: Referrer, rules: Campaign, came: datetime, state: State
) -> None:
    stages.note_arrival(**acts, rules=rules, at=came)
    _accept(acts, referrer, rules, came)
    day: date = came.date()
    for place, to in enumerate((State.SUBSCRIBED, State.SIGNED, State.PAID), 1):
        if state == State.VISITED:
            return
        stages.advance(
            **acts,
            rules=rules,
            to=to,
            on=day + timedelta(days=5 * place),
            at=came + timedelta(days=5 * place),
            buyer="friend" if to == State.SIGNED else "",
            evidence=f"HT-{place:04d}",
            price=268_000_000 if to == State.SIGNED else None,
            area=12_860 if to == State.SIGNED else None,
        )
        if to == state:
            return


def _settle(referrer: Referrer) -> None:
    """Let the demo's reports not look like many within a minute, nor like many a day."""
    db.session.execute(sa.update(Referrer).where(Referrer.id == referrer.id).values(burst=0))
    db.session.execute(
        sa.update(Lead)
        .where(Lead.referrer_id == referrer.id, Lead.reported_at.is_not(None))
        .values(created_at=Lead.reported_at)
    )

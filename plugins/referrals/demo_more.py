"""The demo's rarer things: a lead of three owners, a tax to come, a correction, a trial."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from plugins.referrals import consent, inviting
from plugins.referrals.corrections.service import propose
from plugins.referrals.earning import lines_of
from plugins.referrals.forms import NUMBERS
from plugins.referrals.models import Campaign, Lead, TaxClass
from plugins.referrals.models.rewards import RewardLine
from plugins.referrals.rules import Draft
from plugins.referrals.taxing import write_rate
from plugins.referrals.trials.service import ask
from portal.sdk import Demo, MemberRef, ProjectRef, db, now

_PHONE = "+8619900918888"
_LINE = (
    "stage", "beneficiary", "kind", "measure", "amount", "most", "bands", "from_on", "until_on",
    "from_nth", "to_nth", "tiers", "buildings", "at_once",
)  # fmt: skip


def show_more(
    project: ProjectRef, demo: Demo, rules: Campaign, owners: Sequence[MemberRef]
) -> None:
    """Let three owners share a friend, announce a tax by bands, and propose a correction."""
    _share(project, demo, owners)
    write_rate(
        actor=demo.staff["finance"], project=project, tax_class=TaxClass.LABOUR, rate=2000,
        starts_on=demo.today + timedelta(days=30), free=80_000, free_rate=2000,
        bands=[[2_000_000, 3000], [5_000_000, 4000]],
    )  # fmt: skip
    _correct(project, demo, rules)
    _try(project, demo, rules)


def _share(project: ProjectRef, demo: Demo, owners: Sequence[MemberRef]) -> None:
    """Let three owners invite one friend, who agrees to the first."""
    agreed = demo.moment(1, 15)
    invited: list[Lead] = []
    for owner in owners:
        referrer = inviting.join(project=project, member=owner)
        at = agreed - timedelta(hours=3 - len(invited))
        lead, _ = inviting.invite(
            project=project, member=owner, referrer=referrer, phone=_PHONE, at=at
        )
        lead.created_at = at
        invited.append(lead)
    db.session.flush()
    consent.agree_to_invitation(
        project=project, lead=invited[0], name="韩女士", phone=_PHONE, words="demo", at=agreed
    )


def _correct(project: ProjectRef, demo: Demo, rules: Campaign) -> None:
    """Propose to give 300 points for a visit, for the last 60 days."""
    draft = _draft(rules, starts_at=demo.moment(60, 9), visit=300_000)
    propose(
        actor=demo.staff["manager"], project=project, draft=draft, after=rules.version,
        words="到访奖励录入有误，公示为 300 积分", at=max(now(), demo.moment(0, 0)),
    )  # fmt: skip


def _try(project: ProjectRef, demo: Demo, rules: Campaign) -> None:
    """Try 500 points for a visit on the leads of the last year."""
    draft = _draft(rules, starts_at=demo.moment(-7, 9), visit=500_000)
    ask(
        actor=demo.staff["manager"], project=project, draft=draft, after=rules.version,
        today=demo.today,
    )  # fmt: skip


def _draft(rules: Campaign, *, starts_at: datetime, visit: int) -> Draft:
    """Return the rules from a moment on, with so many milli-points for a visit."""
    lines = [_as_sent(line) for line in lines_of(rules)]
    for line in lines:
        if line["stage"] == "visited":
            line["amount"] = visit
    return Draft(
        title=rules.title, promise=rules.promise, starts_at=starts_at, ends_at=None,
        protection_days=rules.protection_days, kin=rules.kin, month_fee=rules.month_fee,
        shares=rules.shares, promises=lines,
        **{name: getattr(rules, name) for name in NUMBERS},
    )  # fmt: skip


def _as_sent(line: RewardLine) -> dict[str, object]:
    return {key: getattr(line, key) for key in _LINE}

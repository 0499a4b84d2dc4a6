"""What the verifier sees on site: every rule with its answer and its evidence, on one screen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from plugins.referrals.exclusions import known_as
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.showing import moment
from plugins.referrals.states import OPEN
from plugins.referrals.words import SEEN
from portal.sdk import (
    MemberRef,
    ProjectRef,
    business_date,
    db,
    find_members,
    find_phone_holder,
    gettext,
)


class Answer(StrEnum):
    """How a check came out; `ask` is for a person to judge."""

    PASSED = "passed"
    ASK = "ask"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One rule: its code for refusals, what it asks, how it came out, and why."""

    code: str
    title: str
    answer: Answer
    evidence: str


def run_checks(
    *, project: ProjectRef, lead: Lead, referrer: Referrer, rules: Campaign, at: datetime
) -> list[Check]:
    """Return every check of a consented lead, the worst first."""
    member = find_members([referrer.member_id])[referrer.member_id]
    found = [
        _consent(lead),
        _notice(lead, rules, at),
        *_persons(project, lead, member),
        _known(project, lead, rules),
        _earlier(project, lead),
        _referrer(referrer),
        _clock(lead, rules, at),
    ]
    order = (Answer.FAILED, Answer.ASK, Answer.PASSED)
    return sorted(found, key=lambda check: order.index(check.answer))


def worst(checks: list[Check]) -> Answer:
    """Return the worst answer of all."""
    answers = {check.answer for check in checks}
    for answer in (Answer.FAILED, Answer.ASK):
        if answer in answers:
            return answer
    return Answer.PASSED


def _check(code: str, title: str, evidence: str, *, passed: bool, ask: bool = False) -> Check:
    failed = Answer.ASK if ask else Answer.FAILED
    return Check(code, title, Answer.PASSED if passed else failed, evidence)


def _consent(lead: Lead) -> Check:
    given = lead.consented_at is not None and lead.withdrawn_at is None
    said = (
        gettext("Agreed on %(at)s, proof kept", at=moment(lead.consented_at))
        if given and lead.consented_at
        else gettext("There is no consent")
    )
    return _check("ConsentMissing", gettext("The friend agreed"), said, passed=given)


def _notice(lead: Lead, rules: Campaign, at: datetime) -> Check:
    title = gettext("Reported %(minutes)s minutes before the visit", minutes=rules.notice_minutes)
    if lead.reported_at is None or lead.arrived_at is None:
        said = gettext("The visit has not been noted yet")
        return _check("NoticeTooShort", title, said, passed=False, ask=True)
    minutes = int((lead.arrived_at - lead.reported_at).total_seconds() // 60)
    said = gettext(
        "Reported %(reported)s, arrived %(arrived)s: %(minutes)s minutes before",
        reported=moment(lead.reported_at),
        arrived=moment(lead.arrived_at),
        minutes=minutes,
    )
    passed = minutes >= rules.notice_minutes
    return _check("NoticeTooShort", title, said, passed=passed, ask=True)


def _persons(project: ProjectRef, lead: Lead, member: MemberRef) -> list[Check]:
    holder = find_phone_holder(lead.phone or "", project)
    same = holder.member is not None and holder.member.household_id == member.household_id
    household = _check(
        "HouseholdOfReferrer",
        gettext("Neither the owner nor of the owner's household"),
        gettext("The number signs in as a member of the household")
        if same
        else gettext("No overlap with the owner's household"),
        passed=not same,
    )
    staff = _check(
        "StaffExcluded",
        gettext("Not of the staff"),
        gettext("The number belongs to an account that works here")
        if holder.on_staff
        else gettext("Compared with everybody who has a role here"),
        passed=not holder.on_staff,
    )
    roster = _check(
        "LeadKnownToProject",
        gettext("Not an owner on the roster"),
        gettext("The number is on the roster of this project")
        if holder.on_roster
        else gettext("Compared with the roster"),
        passed=not holder.on_roster,
    )
    return [household, staff, roster]


def _known(project: ProjectRef, lead: Lead, rules: Campaign) -> Check:
    title = gettext("Not known to the project in the last %(days)s days", days=rules.known_days)
    at = lead.reported_at or lead.created_at
    known = known_as(project, lead.phone_hash or b"", rules, at)
    if known is None:
        said = gettext("Compared with the visits, calls and agents entered")
        return _check("LeadKnownToProject", title, said, passed=True)
    said = gettext("%(seen)s on %(day)s", seen=SEEN[known.seen], day=known.seen_on.isoformat())
    # Entered after the report, for that same day or later: it may be this very visit.
    today = business_date(project.time_zone, at)
    return _check("LeadKnownToProject", title, said, passed=False, ask=known.seen_on >= today)


def _earlier(project: ProjectRef, lead: Lead) -> Check:
    namesakes = db.session.scalar(
        sa.select(sa.func.count(Lead.id)).where(
            Lead.project_id == project.id,
            Lead.name == lead.name,
            Lead.id != lead.id,
            Lead.state.in_(OPEN),
        )
    )
    said = (
        gettext("%(count)s other lead of this name is under way: compare them", count=namesakes)
        if namesakes
        else gettext("First consent for this number; nobody else of this name")
    )
    title = gettext("No earlier report, no second number")
    return _check("LeadProtectedByOther", title, said, passed=not namesakes, ask=True)


def _referrer(referrer: Referrer) -> Check:
    if referrer.closed_at:
        said = gettext("The owner's code is closed")
        return _check("AdvocateNotFound", gettext("The owner may refer"), said, passed=False)
    flagged = referrer.flagged_at is not None
    said = (
        gettext("Very many reports within a minute: look at them first")
        if flagged
        else gettext("The owner's code is in force")
    )
    title = gettext("The owner may refer")
    return _check("AdvocateNotFound", title, said, passed=not flagged, ask=True)


def _clock(lead: Lead, rules: Campaign, at: datetime) -> Check:
    came = lead.arrived_at or at
    in_time = lead.ends_at is None or came <= lead.ends_at
    said = (
        gettext("Until %(at)s", at=moment(lead.ends_at))
        if lead.ends_at
        else gettext("Without an end")
    )
    title = gettext("Came within %(days)s days", days=rules.visit_days)
    return _check("ReferralExpired", title, said, passed=in_time)

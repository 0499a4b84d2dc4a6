"""A complaint with a reply, one joined, a special day and a text, for the portal's own tests."""

from plugins.complaints import deciding, posting, settings
from plugins.complaints.models import (
    Act,
    Burst,
    Canned,
    Case,
    Category,
    DayRule,
    Promise,
    Report,
    Review,
    StandIn,
)
from plugins.complaints.posting import Draft
from plugins.complaints.states import ActKind, Frontline, Ring
from portal import clock
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import Project
from portal.sdk import MemberRef, ProjectRef, homes_of
from tests.factories import add, make_owner
from tests.plugin_host.conftest import switch_on

_CASE, _DAY, _TEXT, _CATEGORY, _LOOK, _ACT, _PROMISE, _BURST, _STAND_IN = (
    "complaints.case",
    "complaints.day",
    "complaints.canned",
    "complaints.category",
    "complaints.review",
    "complaints.act",
    "complaints.promise",
    "complaints.burst",
    "complaints.stand_in",
)
NAMES = {
    "complaints": {"public_id": _CASE},
    "complaints_api": {"public_id": _CASE},
    "complaints_staff_api": {"public_id": _CASE},
    "complaints_moderation_api": {"public_id": _CASE},
    "complaints_moderation_api.look": {"public_id": _LOOK},
    "complaints_moderation_api.decide": {"public_id": _LOOK},
    "complaints_moderation_api.lift": {"public_id": _ACT},
    "complaints_moderation_api.appeal": {"public_id": _ACT},
    "complaints_centre_api": {"public_id": _CASE},
    "complaints_centre_api.burst": {"public_id": _BURST},
    "complaints_centre_api.plan": {"public_id": _BURST},
    "complaints_centre_api.stand_down": {"public_id": _BURST},
    "complaints.act": {"public_id": _ACT},
    "complaints_staff": {"public_id": _CASE},
    "complaints_staff.appeal": {"public_id": _ACT},
    "complaints_staff.lift": {"public_id": _ACT},
    "complaints_centre": {"public_id": _CASE},
    "complaints_centre.burst": {"public_id": _BURST},
    "complaints_centre.plan": {"public_id": _BURST},
    "complaints_centre.stand_down": {"public_id": _BURST},
    "complaints_staff.keep": {"public_id": _PROMISE},
    "complaints_staff.end_stand_in": {"public_id": _STAND_IN},
    "complaints_staff.look": {"public_id": _LOOK},
    "complaints_staff.cover": {"public_id": _LOOK},
    "complaints_staff.category": {"public_id": _CATEGORY},
    "complaints_staff.drop_day": {"public_id": _DAY},
    "complaints_staff.drop_text": {"public_id": _TEXT},
}

# Whoever may use these sees the whole club.
CLUB_WIDE = {
    "complaints_centre.burst",
    "complaints_centre.plan",
    "complaints_centre.stand_down",
    "complaints_centre.read",
    "complaints_centre.take_over",
    "complaints_staff.appeal",
    "complaints_staff.extend",
    "complaints_staff.overrule",
    "complaints_staff.take_over",
    "complaints_staff.unseal",
    "complaints_staff_api.extend",
    "complaints_staff_api.overrule",
    "complaints_staff_api.take_over",
    "complaints_staff_api.unseal",
    "complaints_moderation_api.appeal",
    "complaints_centre_api.burst",
    "complaints_centre_api.plan",
    "complaints_centre_api.read",
    "complaints_centre_api.stand_down",
    "complaints_centre_api.take_over",
}
# A complaint that was taken back keeps its words, and has no photo to be covered.
REFUSED_TO_ONESELF = {
    "/p/<project>/complaints/<public_id>/edit",
    "/p/<project>/staff/complaints/moderation/<public_id>/cover",
}


def add_sample(project: Project, member: Member) -> dict[str, str]:
    """Add a complaint of the member's, who has a home there; taken back: it binds nobody."""
    switch_on("complaints", project)
    where, who = project_ref(project), member_ref(member)
    settings.first_categories(where)
    category = db.session.query(Category).filter_by(project_id=project.id, key="lift").one()
    case = _complain(where, who, category, Ring.PRIVATE)
    posting.reply(case_id=case.id, member=who, project=where, body="还在响")
    deciding.withdraw(case_id=case.id, member=who, project=where, version=case.version)
    neighbours = _complain(where, member_ref(make_owner(project)), category, Ring.ALIAS)
    posting.me_too(case_id=neighbours.id, member=who)
    about = {"project_id": project.id, "member_id": member.id, "reason": "abuse"}
    act = add(Act(**about, case_id=case.id, kind=ActKind.MUTE, note="请勿辱骂"))
    promise = add(
        Promise(case_id=case.id, project_id=project.id, body="校正", due_on=case.created_at.date())
    )
    look = add(Review(case_id=case.id, project_id=project.id, reasons={}, due_at=clock.now()))
    add(Report(**about, review_id=look.id, household_id=member.household_id, body="骂人"))
    reading = {"stage": "watch", "households": 3, "expected": 0.1, "chance": 0.01}
    burst = add(Burst(project_id=project.id, category_id=category.id, **reading))
    db.session.commit()
    today = clock.business_date(project.time_zone)
    day = add(DayRule(project_id=project.id, day=today, working=False, note="台风"))
    text = add(Canned(project_id=project.id, step="reply", title="首次答复", body="您好"))
    away = {"absent_id": 1, "absent": "钱工", "taker_id": 2, "taker": "赵敏"}
    stand_in = add(StandIn(project_id=project.id, **away, since=today, until=today))
    return {
        _CASE: case.public_id,
        _STAND_IN: stand_in.public_id,
        _DAY: day.public_id,
        _TEXT: text.public_id,
        _CATEGORY: category.public_id,
        _PROMISE: promise.public_id,
        _LOOK: look.public_id,
        _BURST: burst.public_id,
        _ACT: act.public_id,
    }


def _complain(where: ProjectRef, who: MemberRef, category: Category, ring: Ring) -> Case:
    return posting.submit(
        member=who,
        project=where,
        draft=Draft(
            category=category,
            home=homes_of(who, where)[0],
            title="电梯异响",
            body="晚上很响",
            ring=ring,
            frontline=Frontline.ALIAS,
        ),
    )

"""What owners write: a complaint, a reply, a change of their words, "me too"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.complaints import clocks, limits, merging, moderation, sanctions
from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Category, Edit, MeToo, Post, Series
from plugins.complaints.pictures import PHOTO, REPLY_PHOTO, keep_photos
from plugins.complaints.routing.service import taker_of
from plugins.complaints.searching import add_words, put_into_search, rebuild_words
from plugins.complaints.states import LIVE, By, Frontline, Kind, PostState, Ring, State
from plugins.complaints.subscribing.service import follow, unfollow
from plugins.complaints.timing import owner_answered
from portal.sdk import HomeRef, MemberRef, ProjectRef, db, emit, plugin_settings


@dataclass(frozen=True)
class Draft:
    """A complaint as an owner writes it. `home`: whose; `at_home`: it is about that home."""

    category: Category
    home: HomeRef
    title: str
    body: str
    ring: Ring
    frontline: Frontline
    at_home: bool = True
    place: str = ""
    contractor: str = ""
    batch: str = ""


def submit(
    *,
    member: MemberRef,
    project: ProjectRef,
    draft: Draft,
    pictures: Sequence[Any] = (),
    channel: str = "forum",
    taken_by: Any = None,
) -> Case:
    """Open a case with its clocks. `pictures`: decoded ones, as a form's field has them.
    `taken_by`: the account that writes it down for the member, whom no limit of new ones binds.

    Raises CaseError for a public one: SUSPENDED of who may not write here, TOO_MANY.
    """
    if draft.ring != Ring.PRIVATE:
        sanctions.check_not_barred(project, member)
    number = _next_number(project)
    at = database_now()
    if draft.ring != Ring.PRIVATE and taken_by is None:
        # After the number, which makes those who hand in at once wait for each other.
        limits.check_complaint(project, member, at)
    taker = taker_of(draft.category, project)
    begins = State.OPEN if taker else State.QUEUED
    case = Case(
        project_id=project.id,
        category_id=draft.category.id,
        member_id=member.id,
        household_id=member.household_id,
        unit_id=draft.home.id,
        number=number,
        title=draft.title,
        body=draft.body,
        building=draft.home.building,
        home=_address(draft.home),
        place="" if draft.at_home else draft.place,
        contractor=draft.contractor,
        batch=draft.batch,
        ring=draft.ring,
        frontline=Frontline.HOME if draft.ring == Ring.HOME else draft.frontline,
        channel=channel,
        state=begins,
        assignee_id=taker.id if taker else None,
        assignee=taker.name if taker else "",
        active_at=at,
        created_at=at,
    )
    db.session.add(case)
    db.session.flush()
    take(
        case,
        "submit",
        by=By.OWNER if taken_by is None else By.STAFF,
        at=at,
        account_id=member.account_id if taken_by is None else taken_by.id,
        opens=begins,
        facts={"category": draft.category.key, "ring": str(draft.ring), "channel": str(channel)},
    )
    case.photos = keep_photos(PHOTO, case.public_id, project, member, pictures)
    db.session.add(_me_too(case, member))
    start_clocks(case, project, draft.category.resolution_hours, at)
    add_words(case, case.title, title=True)
    add_words(case, case.code, case.body)
    moderation.screen(case, project, None, at)
    put_into_search(case, project)
    emit(
        kind="complaints.opened",
        project_id=project.id,
        subject=("complaints_case", case.public_id),
        data={"category": draft.category.key},
    )
    return case


def start_clocks(case: Case, project: ProjectRef, resolution_hours: int, at: datetime) -> None:
    """Start the clocks of a case that has just become open."""
    calendar = clocks.calendar_of(project)
    hours = plugin_settings("complaints", project)["first_reply_hours"]
    clocks.start(case, clocks.FIRST_REPLY, hours * 60, at, calendar)
    clocks.start(case, clocks.RESOLUTION, resolution_hours * 60, at, calendar)


def reply(
    *,
    case_id: int,
    member: MemberRef,
    project: ProjectRef,
    body: str,
    quote_id: int | None = None,
    pictures: Sequence[Any] = (),
) -> Post:
    """Add an owner's reply; what the household answers ends the wait for the owner.

    Raises CaseError: CLOSED once the case is over, LOCKED, MUTED, SUSPENDED, TOO_MANY.
    """
    case = lock(case_id)
    at = database_now()
    if case.state not in LIVE:
        raise CaseError("CLOSED", state=case.state, version=case.version)
    sanctions.check_may_write(case, project, member)
    if case.household_id != member.household_id:
        limits.check_reply(project, member, at)
    made = Post(
        case_id=case.id,
        project_id=case.project_id,
        kind=Kind.REPLY,
        member_id=member.id,
        voice=_voice(case, member),
        body=body,
        quote_id=quote_id,
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    made.photos = keep_photos(REPLY_PHOTO, made.public_id, project, member, pictures)
    case.replies += 1
    case.active_at = at
    add_words(case, body)
    moderation.screen(case, project, made, at)
    if case.household_id == member.household_id and case.state == State.WAITING_OWNER:
        owner_answered(case, project, at, by=By.OWNER, account_id=member.account_id)
    return made


def change_words(
    *, case_id: int, member: MemberRef, project: ProjectRef, body: str, post_id: int | None = None
) -> None:
    """Change a complaint or a reply of one's own; what it said before stays in its history."""
    case = lock(case_id)
    at = database_now()
    if case.state not in LIVE:
        raise CaseError("CLOSED", state=case.state, version=case.version)
    changed: Case | Post = case
    if post_id is not None:
        changed = db.session.get_one(Post, post_id, populate_existing=True)
        if changed.state != PostState.SHOWN:
            raise CaseError("HIDDEN", state=case.state, version=case.version)
    if changed.body == body:
        return
    sanctions.check_may_write(case, project, member)
    db.session.add(
        Edit(
            case_id=case.id,
            post_id=post_id,
            project_id=case.project_id,
            member_id=member.id,
            body=changed.body,
            created_at=at,
        )
    )
    changed.body, changed.edited_at = body, at
    db.session.flush()
    rebuild_words(case)
    put_into_search(case, project)
    moderation.screen(case, project, changed if isinstance(changed, Post) else None, at)


def me_too(*, case_id: int, member: MemberRef, project: ProjectRef | None = None) -> bool:
    """Count the member's household, once; tell whether it is new."""
    case = lock(case_id)
    if case.state not in LIVE:
        raise CaseError("CLOSED", state=case.state, version=case.version)
    if project is not None and case.household_id != member.household_id:
        sanctions.check_not_barred(project, member)
    known = db.session.scalar(
        sa.select(MeToo.id).where(
            MeToo.case_id == case.id, MeToo.household_id == member.household_id
        )
    )
    if known is not None:
        return False
    db.session.add(_me_too(case, member))
    case.households = merging.count(case)
    follow(case=case, member=member)
    return True


def not_me(*, case_id: int, member: MemberRef) -> None:
    """Take the household's "me too" back; the household that complained stays counted."""
    case = lock(case_id)
    if member.household_id == case.household_id:
        return
    db.session.execute(
        sa.delete(MeToo).where(MeToo.case_id == case.id, MeToo.household_id == member.household_id)
    )
    case.households = merging.count(case)
    unfollow(case=case, member=member)


def _me_too(case: Case, member: MemberRef) -> MeToo:
    return MeToo(
        case_id=case.id,
        project_id=case.project_id,
        household_id=member.household_id,
        member_id=member.id,
        created_at=database_now(),
    )


def _voice(case: Case, member: MemberRef) -> int:
    """Return under which number a member speaks in this thread; the case is locked."""
    if member.household_id == case.household_id:
        return 0
    known = db.session.scalar(
        sa.select(Post.voice).where(Post.case_id == case.id, Post.member_id == member.id).limit(1)
    )
    if known is None:
        case.voices += 1
    return known or case.voices


def _next_number(project: ProjectRef) -> int:
    """Return the next number of a project; two at once wait for each other."""
    mine = Series.project_id == project.id
    raised = sa.update(Series).where(mine).values(last=Series.last + 1).returning(Series.last)
    number = db.session.scalar(raised)
    if number is None:
        try:
            with db.session.begin_nested():
                db.session.add(Series(project_id=project.id, last=0))
        except sa.exc.IntegrityError:
            pass  # somebody was faster, and the row is there
        number = db.session.scalars(raised).one()
    return number


def _address(home: HomeRef) -> str:
    return " ".join(part for part in (home.building, home.entrance, home.number) if part)

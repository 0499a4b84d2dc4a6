"""The list of a project's members, and the same rows as a file."""

from collections.abc import Iterator, Sequence

from flask import render_template, request
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record, record_apart
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext, lazy
from portal.members.blueprint import blueprint
from portal.members.models import Member
from portal.pagination import page_of
from portal.phones import mask_phone
from portal.projects.current import current_project
from portal.projects.models import Project, Role
from portal.projects.queries import unit_title
from portal.staff.member_search import (
    MemberFilter,
    MemberRow,
    count_members,
    members_of,
    with_homes,
)
from portal.staff.stages import Stage
from portal.words import role_title, title_of

__all__ = ["STAGE_TITLES", "blueprint"]

STAGE_TITLES = {
    Stage.SETTLING_IN: lazy("Settling in"),
    Stage.SETTLED: lazy("Settled"),
    Stage.LONG_STANDING: lazy("Long-standing"),
    Stage.FUTURE: lazy("Future owner"),
}
_BATCH = 500


@blueprint.get("/p/<project>/staff/members")
@requires("members.view")
def staff_list() -> str:
    """Show the project's members, searched and filtered."""
    project, wanted = current_project(), MemberFilter.read(request.args)
    note_search_by_phone(project, wanted)
    today = clock.business_date(project.time_zone)
    page = page_of(members_of(project, wanted, today), Member.joined_on, Member.id, descending=True)
    return render_template(
        "staff/members.html",
        page=page,
        rows=with_homes(project, page.items, today),
        wanted=wanted,
        counts=count_members(project, wanted, today),
        stages=STAGE_TITLES,
        roles=Role,
    )


def note_search_by_phone(project: Project, wanted: MemberFilter) -> None:
    """Leave a trace at once when members are looked for by a phone or its tail."""
    if wanted.by_phone:
        record_apart(
            actor=current_account(),
            action="members.searched",
            subject=("project", project.public_id),
            project_id=project.id,
            facts={"by": wanted.by_phone},
        )


@blueprint.post("/p/<project>/staff/members/export.<kind>")
@requires("members.export")
def staff_export(kind: str) -> Response:
    """Send the filtered rows as a file, and note who took how many."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted = current_project(), MemberFilter.read(request.args)
    today = clock.business_date(project.time_zone)
    found = count_members(project, wanted, today).found
    record(
        actor=current_account(),
        action="members.exported",
        subject=("project", project.public_id),
        project_id=project.id,
        facts={"format": kind, "rows": found, "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header = [
        gettext("Full name"),
        gettext("Salutation"),
        gettext("Card number"),
        gettext("Phone"),
        gettext("Joined"),
        gettext("Stage"),
        gettext("Homes"),
        gettext("Role in the home"),
        gettext("Claim waiting"),
    ]
    return export_file(
        name=f"members-{project.slug}-{today:%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=_lines(project, wanted),
    )


def _lines(project: Project, wanted: MemberFilter) -> Iterator[Sequence[object]]:
    today = clock.business_date(project.time_zone)
    statement = (
        members_of(project, wanted, today)
        .join(Member.account)
        .options(contains_eager(Member.account))
        .order_by(Member.joined_on.desc(), Member.id.desc())
        .execution_options(yield_per=_BATCH)
    )
    for rows in db.session.execute(statement).partitions():
        for row in with_homes(project, [row._tuple() for row in rows], today):
            yield _line(row)


def _line(row: MemberRow) -> Sequence[object]:
    member = row.member
    salutation = "" if member.salutation == "none" else title_of("salutation", member.salutation)
    return (
        member.name,
        str(salutation),
        member.card_number,
        mask_phone(member.account.phone) if member.account.phone else "",
        member.joined_on.isoformat(),
        str(STAGE_TITLES[row.stage]),
        "; ".join(unit_title(home.unit) for home in row.homes),
        "; ".join(dict.fromkeys(str(role_title(home.role)) for home in row.homes)),
        gettext("Yes") if row.claim_waiting else "",
    )

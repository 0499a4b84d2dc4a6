"""The audit trail of a project and of the club."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from flask import render_template, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.blueprint import blueprint
from portal.audit.models import AuditEntry
from portal.audit.queries import seal_state
from portal.audit.service import record
from portal.club.queries import current_club
from portal.columns import Texts
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext, localized
from portal.members.models import Member
from portal.pagination import page_of
from portal.projects.current import current_project
from portal.projects.models import Project
from portal.staff.audit_pages import subject_pages
from portal.staff.audit_queries import AuditFilter, audit_trail, facts_text
from portal.staff.words import action_title, all_acts, subject_title

__all__ = ["blueprint"]

Shown = str | tuple[str, int]
_SIZE = 50
_BATCH = 500


@blueprint.get("/p/<project>/staff/audit")
@requires("audit.view")
def project_trail() -> Shown:
    """Show what was done in the project."""
    return _page(current_project())


@blueprint.get("/centre/audit")
@requires("audit.view")
def club_trail() -> Shown:
    """Show what was done anywhere."""
    return _page(None)


@blueprint.post("/p/<project>/staff/audit/export.<kind>")
@requires("audit.view")
def project_export(kind: str) -> Response:
    """Send the project's filtered trail as a file."""
    return _export(current_project(), kind)


@blueprint.post("/centre/audit/export.<kind>")
@requires("audit.view")
def club_export(kind: str) -> Response:
    """Send the club's filtered trail as a file."""
    return _export(None, kind)


def trail_of(
    project: Project | None, wanted: AuditFilter
) -> sa.Select[tuple[AuditEntry, str, Texts]]:
    """Return the statement of a project's or the club's filtered trail."""
    return audit_trail(
        wanted,
        project_id=project.id if project else None,
        time_zone=project.time_zone if project else current_club().time_zone,
    )


def _page(project: Project | None) -> Shown:
    wanted = AuditFilter.read(request.args)
    trail = trail_of(project, wanted)
    if wanted.unread:
        # Nobody should take all for what was asked for.
        trail = trail.where(sa.false())
    page = page_of(trail, AuditEntry.created_at, AuditEntry.id, descending=True, size=_SIZE)
    body = render_template(
        "audit/trail.html",
        page=page,
        wanted=wanted,
        actions=all_acts(),
        names=_names([row[0] for row in page.items]),
        pages=subject_pages([row[0] for row in page.items]),
        facts_text=facts_text,
        seals=seal_state(),
        subject_title=subject_title,
    )
    return (body, 422) if wanted.unread else body


def _names(entries: Sequence[AuditEntry]) -> dict[str, str]:
    """Return the names of the members that the entries are about, by public id."""
    keys = {entry.subject_key for entry in entries if entry.subject_kind == "member"}
    if not keys:
        return {}
    rows = db.session.execute(
        sa.select(Member.public_id, Member.name).where(Member.public_id.in_(keys))
    )
    return {row.public_id: row.name for row in rows}


def _export(project: Project | None, kind: str) -> Response:
    if kind not in set(ExportFormat):
        raise NotFound
    wanted = AuditFilter.read(request.args)
    if wanted.unread:
        raise BadRequest
    subject = ("project", project.public_id) if project else ("club", "1")
    record(
        actor=current_account(),
        action="audit.exported",
        subject=subject,
        project_id=project.id if project else None,
        facts={"format": kind, "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header = [
        gettext("Time (UTC)"),
        gettext("Act"),
        gettext("By"),
        gettext("Project"),
        gettext("About"),
        gettext("Key"),
        gettext("Facts"),
        gettext("Reason"),
    ]
    return export_file(
        name=f"audit-{project.slug if project else 'club'}-{clock.now():%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=_lines(trail_of(project, wanted)),
    )


def _lines(trail: sa.Select[tuple[AuditEntry, str, Texts]]) -> Iterator[Sequence[object]]:
    statement = trail.order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
    rows = db.session.execute(statement.execution_options(yield_per=_BATCH))
    for entry, actor, place in rows:
        yield (
            entry.created_at.strftime("%Y-%m-%d %H:%M:%S"),
            str(action_title(entry.action)),
            actor or "",
            localized(place),
            entry.subject_kind,
            entry.subject_key,
            facts_text(entry.facts),
            entry.reason or "",
        )

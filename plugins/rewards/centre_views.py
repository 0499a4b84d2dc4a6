"""The group's page of rewards: what they came to in every project, and the same as a file."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards import figures
from plugins.rewards.blueprint import group
from plugins.rewards.figures import Owed, Span, Taken
from plugins.rewards.showing import points
from plugins.rewards.words import KINDS
from portal.sdk import (
    ExportFormat,
    ProjectRef,
    business_date,
    current_account,
    db,
    export_file,
    gettext,
    localized,
    now,
    record,
    requires,
    visible_projects,
)

__all__ = ["group"]

COMPARE = "rewards.compare"


@dataclass(frozen=True)
class InProject:
    """What rewards came to in a project in some months, and what is promised there now."""

    project: ProjectRef
    taken: Taken
    owed: Owed


@group.get("/centre/rewards/")
@requires(COMPARE)
def club_figures() -> str:
    """Show the figures of each project that the reader may see, and of all of them together."""
    projects = _projects(request.args)
    span = _span(request.args, projects)
    found, promised = figures.taken_and_owed(projects, span, now())
    every = [row for rows in found.values() for row in rows]
    months = figures.by_month(every, span)
    return render_template(
        "rewards/centre.html",
        span=span,
        search=_search(request.args),
        rows=[
            InProject(each, figures.whole(found[each.id]), promised[each.id]) for each in projects
        ],
        kinds=figures.by_kind(every),
        whole=figures.whole(every),
        bars=figures.bars(months),
        owed=sum(promised.values(), Owed()),
        sellers=figures.best_sellers(projects, span),
        names={each.id: each.name for each in projects},
    )


@group.post("/centre/rewards/export.<kind>")
@requires(COMPARE)
def export_club_figures(kind: str) -> Response:
    """Send the months by project and kind as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    projects = _projects(request.form)
    found, _ = figures.taken_and_owed(projects, _span(request.form, projects), now())
    rows = [
        (
            localized(each.name), row.month, str(KINDS[row.kind][0]), row.orders, row.pieces,
            points(row.captured), points(row.returned), points(row.net),
        )
        for each in projects
        for row in sorted(found[each.id], key=lambda row: (row.month, row.kind))
    ]  # fmt: skip
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("rewards_list", "centre"),
        project_id=None,
        facts={"format": kind, "rows": len(rows), "of": "figures"},
    )
    db.session.commit()
    header = (
        gettext("Project"), gettext("Month"), gettext("Kind"), gettext("Orders"),
        gettext("Pieces"), gettext("Points taken"), gettext("Points given back"),
        gettext("Points that stayed"),
    )  # fmt: skip
    return export_file(name="rewards-club", kind=ExportFormat(kind), header=header, rows=rows)


def _search(args: Mapping[str, str]) -> str:
    return args.get("q", "").strip()[:60]


def _projects(args: Mapping[str, str]) -> list[ProjectRef]:
    wanted = _search(args).casefold()
    named = [(localized(each.name), each) for each in visible_projects("rewards")]
    found = [pair for pair in named if wanted in pair[0].casefold()]
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _span(args: Mapping[str, str], projects: list[ProjectRef]) -> Span:
    today = max((business_date(each.time_zone) for each in projects), default=now().date())
    return Span.read(args.get("from", ""), args.get("to", ""), today)

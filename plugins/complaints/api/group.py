"""What the group does in the morning, for programs: the list, read marks, take-over, bursts."""

from typing import Any

import sqlalchemy as sa
from werkzeug.exceptions import Forbidden, NotFound

from plugins.complaints import bursts, centre, handling
from plugins.complaints.api.duty_schemas import (
    BurstShown,
    HeadsShown,
    MorningPage,
    MorningWanted,
    PlanWish,
    ReadShown,
)
from plugins.complaints.api.schemas import CaseListed, VersionWish
from plugins.complaints.api.shown import REFUSED, acted, listed
from plugins.complaints.bursts_views import PlanForm
from plugins.complaints.centre_views import WATCH, projects_of_reader
from plugins.complaints.identity import Reader
from plugins.complaints.models import Burst, Case, Category
from plugins.complaints.staff_views import CENTRE, LEAD, rank
from portal.sdk import (
    ApiBlueprint,
    ProjectRef,
    api_form,
    api_page,
    current_account,
    db,
    may,
    now,
    requires,
)

api = ApiBlueprint(
    "complaints_centre_api",
    __name__,
    url_prefix="/api/v1/centre/complaints",
    title="Complaints",
)


@api.call("GET", "/", MorningPage, query=MorningWanted, paged=True)
@requires(WATCH)
def morning(query: dict[str, str]) -> Any:
    """List what is late, refused or at the group in every project, the oldest first."""
    projects, reader = projects_of_reader(), Reader(staff=True, rank=rank())
    page = centre.morning(projects, query.get("show", ""), current_account().id, now())

    def shown(row: Any) -> dict[str, Any]:
        case, category, version = row
        return {
            **listed(case, category, reader),
            "project": projects[case.project_id].slug,
            "version": case.version,
            "read_version": version,
        }

    return api_page(page, shown)


@api.call("GET", "/heads", HeadsShown)
@requires(WATCH)
def heads() -> dict[str, Any]:
    """Show the numbers of the morning and the bursts that go on."""
    projects = projects_of_reader()
    numbers, going_on = centre.heads(projects, current_account().id, now())
    return {**numbers, "bursts": [_burst_shown(*each, projects) for each in going_on]}


@api.call("POST", "/read", ReadShown)
@requires(WATCH)
def read_all() -> dict[str, int]:
    """Mark everything that matters now as read."""
    cases = db.session.scalars(
        sa.select(Case)
        .where(Case.project_id.in_(projects_of_reader()), centre.matters(now()))
        .limit(500)
    ).all()
    return {"read": acted(lambda: centre.mark_read(actor=current_account(), cases=cases))}


@api.call("POST", "/cases/<public_id>/read", ReadShown)
@requires(WATCH)
def read(public_id: str) -> dict[str, int]:
    """Mark one case as read, as it stands now."""
    case = _case(public_id, projects_of_reader())
    return {"read": acted(lambda: centre.mark_read(actor=current_account(), cases=[case]))}


@api.call("POST", "/cases/<public_id>/take-over", CaseListed, body=VersionWish, errors=REFUSED)
@requires(WATCH)
def take_over(public_id: str, body: dict[str, int]) -> dict[str, Any]:
    """Take a case over to the group, or order that as a leader."""
    _check_rank()
    projects = projects_of_reader()
    case = _case(public_id, projects)
    acted(
        lambda: handling.take_over(
            actor=current_account(),
            case_id=case.id,
            project=projects[case.project_id],
            version=body["version"],
        )
    )
    category = db.session.get_one(Category, case.category_id)
    return listed(case, category, Reader(staff=True, rank=rank()))


@api.call("GET", "/bursts/<public_id>", BurstShown)
@requires(WATCH)
def burst(public_id: str) -> dict[str, Any]:
    """Show a burst."""
    return _shown(public_id)


@api.call("POST", "/bursts/<public_id>/plan", BurstShown, body=PlanWish, errors=REFUSED)
@requires(WATCH)
def plan(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Write down what is done about a burst."""
    _check_rank()
    found, form = _burst(public_id), api_form(PlanForm, body)
    words = form.body.data or ""
    acted(lambda: bursts.plan(actor=current_account(), burst=found, body=words))
    return _shown(public_id)


@api.call("POST", "/bursts/<public_id>/stand-down", BurstShown, errors=REFUSED)
@requires(WATCH)
def stand_down(public_id: str) -> dict[str, Any]:
    """End a burst."""
    _check_rank()
    found = _burst(public_id)
    acted(lambda: bursts.stand_down(actor=current_account(), burst=found))
    return _shown(public_id)


def _shown(public_id: str) -> dict[str, Any]:
    found = _burst(public_id)
    return _burst_shown(found, centre.category_of(found), projects_of_reader())


def _burst_shown(
    found: Burst, category: Category, projects: dict[int, ProjectRef]
) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "project": projects[found.project_id].slug,
        "category": category.key,
        "building": found.building,
        "contractor": found.contractor,
        "stage": found.stage,
        "households": found.households,
        "plan": found.plan,
        "begun_at": found.created_at,
    }


def _burst(public_id: str) -> Burst:
    found = centre.find_burst(projects_of_reader(), public_id)
    if found is None:
        raise NotFound
    return found


def _case(public_id: str, projects: dict[int, ProjectRef]) -> Case:
    found = centre.find(projects, public_id)
    if found is None:
        raise NotFound
    return found


def _check_rank() -> None:
    if not (may(CENTRE) or may(LEAD)):
        raise Forbidden


__all__ = ["api"]

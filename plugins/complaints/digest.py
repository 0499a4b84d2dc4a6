"""The morning's digest: what is on the group's page, to everybody who watches, once a day."""

from collections.abc import Mapping

from plugins.complaints import centre
from portal.sdk import (
    JobRun,
    ProjectRef,
    StaffRef,
    business_date,
    colleagues,
    notify,
    now,
    open_projects,
)

WATCH = "complaints.watch"
FIELDS = ("new", "late", "refused", "risen", "forgotten")
"""Since yesterday; past a deadline; a solution refused; at the group; read by nobody for a day."""


def send(run: JobRun) -> None:
    """Tell everybody who watches complaints how many there are of each kind; nothing of nothing."""
    for staff, projects in _watching().values():
        counts, _bursts = centre.heads([each.id for each in projects], staff.id, now())
        told = {field: counts[field] for field in FIELDS}
        run.checkpoint(done=run.done)
        if any(told.values()):
            notify(
                staff=[staff],
                kind="complaints.morning",
                cause=f"complaints:morning:{business_date(projects[0].time_zone)}",
                project=None,
                values=told,
                url="/centre/complaints/",
            )
        run.checkpoint(done=run.done + 1)


def _watching() -> Mapping[int, tuple[StaffRef, list[ProjectRef]]]:
    """Return who watches which of the projects where complaints are on."""
    found: dict[int, tuple[StaffRef, list[ProjectRef]]] = {}
    for project in open_projects("complaints"):
        for staff in colleagues(WATCH, project):
            found.setdefault(staff.id, (staff, []))[1].append(project)
    return found

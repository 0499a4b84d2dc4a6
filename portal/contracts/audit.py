"""Noting who sent contracts by program."""

from collections import Counter
from collections.abc import Sequence

from portal.accounts.models import Account
from portal.audit.service import record
from portal.contracts.incoming import Outcome
from portal.projects.models import Project


def note_recorded(
    *, actor: Account, project: Project, what: str, outcomes: Sequence[Outcome]
) -> None:
    """Note how many contracts, payments or fees (`what`) a program added and changed."""
    fates = Counter(each.fate for each in outcomes)
    if not fates["new"] and not fates["changed"]:
        return
    record(
        actor=actor,
        action="contracts.recorded",
        subject=("project", project.public_id),
        project_id=project.id,
        facts={"what": what, **{fate: fates[fate] for fate in ("new", "changed", "refused")}},
    )

"""What the owner who complained is told."""

from collections.abc import Mapping
from typing import Any

from plugins.complaints.models import Case
from portal.sdk import ProjectRef, find_members, notify


def tell(case: Case, project: ProjectRef, kind: str, **values: Any) -> None:
    """Tell the owner of a case; once for each step of its log."""
    owner = find_members([case.member_id])
    said: Mapping[str, Any] = {"title": case.title, "code": case.code, **values}
    notify(
        members=list(owner.values()),
        kind=f"complaints.{kind}",
        cause=f"complaints:{kind}:{case.public_id}:{case.version}",
        project=project,
        values=said,
        url=f"/p/{project.slug}/complaints/{case.public_id}",
    )

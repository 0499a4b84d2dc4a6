"""Messages to who is registered: one for each cause, about one registration."""

from plugins.events.models import Occurrence, Registration
from portal.sdk import MemberRef, ProjectRef, notify


def tell(
    kind: str,
    found: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    *,
    cause: object = "",
    **values: object,
) -> None:
    """Tell a member something about a registration; `values` beside the title, see hooks."""
    notify(
        members=[member],
        kind=kind,
        cause=f"{kind}:{found.public_id}:{cause}" if cause else f"{kind}:{found.public_id}",
        project=project,
        values={"title": dict(occurrence.event.title), **values},
        url=f"/p/{project.slug}/events/tickets/{found.public_id}",
    )

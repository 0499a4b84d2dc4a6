"""Writing down what a member says by telephone or at the desk."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from plugins.complaints import posting
from plugins.complaints.models import Case
from plugins.complaints.posting import Draft
from plugins.complaints.telling import tell
from portal.sdk import MemberRef, ProjectRef, record


class Channel(StrEnum):
    """How a complaint comes in."""

    FORUM = "forum"
    HOTLINE = "hotline"
    DESK = "desk"


def take_down(
    *,
    actor: Any,
    member: MemberRef,
    project: ProjectRef,
    draft: Draft,
    channel: Channel,
    pictures: Sequence[Any] = (),
) -> Case:
    """Open a member's case as if they had written it; they are told, and it is theirs to close.

    Raises CaseError SUSPENDED for a public one of who may not write here.
    """
    case = posting.submit(
        member=member,
        project=project,
        draft=draft,
        pictures=pictures,
        channel=channel,
        taken_by=actor,
    )
    record(
        actor=actor,
        action="complaints.take_down",
        subject=("complaints_case", case.public_id),
        project_id=project.id,
        facts={"channel": str(channel)},
    )
    tell(case, project, "taken_down")
    return case

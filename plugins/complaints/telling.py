"""What the owner who complained is told."""

from collections.abc import Mapping
from typing import Any

from plugins.complaints.models import Act, Case
from portal.sdk import NotificationKind, ProjectRef, find_members, lazy, notify


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


def tell_author(
    member_id: int, act: Act, case: Case, project: ProjectRef, *, kind: str = "moderated"
) -> None:
    """Tell whose words they are what a moderator did, and where to read why and appeal."""
    notify(
        members=list(find_members([member_id]).values()),
        kind=f"complaints.{kind}",
        cause=f"complaints:{kind}:{act.public_id}",
        project=project,
        values={"title": case.title, "code": case.code},
        url=f"/p/{project.slug}/complaints/acts/{act.public_id}",
    )


def kinds() -> list[NotificationKind]:
    """Return what the owner who complained may be told."""
    sample = {"title": lazy("The lift rattles at night"), "code": "TS-0318"}
    return [
        NotificationKind(
            "complaints.answered",
            title=lazy("A complaint is answered"),
            subject=lazy("There is an answer to “{title}”"),
            body=lazy("Case {code}: read the official answer."),
            sample=sample,
            icon="messages",
            tone="brand",
        ),
        NotificationKind(
            "complaints.asked",
            title=lazy("A question about a complaint"),
            subject=lazy("A question about “{title}”"),
            body=lazy("Case {code} waits for your answer; its clock is paused meanwhile."),
            sample=sample,
            icon="hourglass",
            tone="gold",
        ),
        NotificationKind(
            "complaints.proposed",
            title=lazy("A solution is proposed"),
            subject=lazy("A solution for “{title}” is proposed"),
            body=lazy("Case {code}: only your household decides. Accept it, or refuse it."),
            sample=sample,
            icon="checks",
            tone="gold",
            required=True,
        ),
        NotificationKind(
            "complaints.escalated",
            title=lazy("A complaint rises a level"),
            subject=lazy("“{title}” is a higher level's now"),
            body=lazy("Case {code} has risen: the page of the complaint says to whom and why."),
            sample=sample,
            icon="arrow-up-right",
            tone="rose",
        ),
        NotificationKind(
            "complaints.taken_down",
            title=lazy("A complaint is taken down for me"),
            subject=lazy("We have written your complaint down: “{title}”"),
            body=lazy("Case {code}: see that it says what you mean. The clock runs."),
            sample=sample,
            icon="pencil",
            tone="brand",
            required=True,
        ),
        NotificationKind(
            "complaints.morning",
            title=lazy("The morning's complaints"),
            subject=lazy("Complaints this morning: {late} late, {forgotten} unread for a day"),
            body=lazy(
                "Since yesterday: {new}. Past a deadline: {late}. Solution refused: {refused}. "
                "At the group: {risen}. Read by nobody of the group for a day: {forgotten}."
            ),
            sample={"new": 4, "late": 1, "refused": 2, "risen": 3, "forgotten": 1},
            icon="sunrise",
            tone="gold",
            staff_only=True,
        ),
        NotificationKind(
            "complaints.moved",
            title=lazy("A complaint goes to another category"),
            subject=lazy("“{title}” goes to another category"),
            body=lazy("Case {code}: its page says why. The clocks run on as they are."),
            sample=sample,
            icon="arrow-up-right",
            tone="brand",
        ),
        NotificationKind(
            "complaints.handed_over",
            title=lazy("Complaints are handed to me"),
            subject=lazy("Complaints handed to you: {number}"),
            body=lazy("{by} has handed them over. The reason: {reason}"),
            sample={
                "number": 7,
                "by": lazy("Zhao Min"),
                "reason": lazy("I am away until the end of the month."),
            },
            icon="users",
            tone="brand",
            staff_only=True,
        ),
        NotificationKind(
            "complaints.news",
            title=lazy("News of a complaint that I follow"),
            subject=lazy("There is something new about “{title}”"),
            body=lazy("Case {code}: read the answer, or how it ended. You follow this complaint."),
            sample=sample,
            icon="bell",
            tone="brand",
        ),
        NotificationKind(
            "complaints.lapsed",
            title=lazy("A complaint has lapsed"),
            subject=lazy("“{title}” has lapsed without your decision"),
            body=lazy("It is not counted as solved. Until {until} you can open case {code} again."),
            sample={**sample, "until": lazy("6 December, 09:30")},
            icon="clock",
            tone="gold",
            required=True,
        ),
        NotificationKind(
            "complaints.unsealed",
            title=lazy("The group looked up who complained"),
            subject=lazy("The group looked up who wrote “{title}”"),
            body=lazy("Case {code}. The reason: {reason}"),
            sample={**sample, "reason": lazy("A court has asked for it.")},
            icon="eye",
            tone="gold",
            required=True,
        ),
        NotificationKind(
            "complaints.moderated",
            title=lazy("A moderator has acted on my words"),
            subject=lazy("A moderator has looked at your words in “{title}”"),
            body=lazy("Case {code}: read what was done and why, and how to appeal to the group."),
            sample=sample,
            icon="shield-check",
            tone="gold",
            required=True,
        ),
        NotificationKind(
            "complaints.appeal_answered",
            title=lazy("The group has answered an appeal"),
            subject=lazy("The group has decided on your appeal in “{title}”"),
            body=lazy("Case {code}: read the decision and its reason."),
            sample=sample,
            icon="shield-check",
            tone="brand",
            required=True,
        ),
    ]

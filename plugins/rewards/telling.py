"""Messages to who ordered: one for each cause, about one order."""

from plugins.rewards.models import Order
from portal.sdk import NotificationKind, ProjectRef, find_members, lazy, notify

_TITLE, _DAY = lazy("Longjing tea, 100 g"), lazy("6 December, 09:30")


def all_kinds() -> list[NotificationKind]:
    """Return every kind of message."""
    return [
        NotificationKind(
            "rewards.ready",
            title=lazy("An order is ready to be fetched"),
            subject=lazy("Ready for you: {title}"),
            body=lazy("Please fetch it until {until}. The code for the desk is on its page."),
            sample={"title": _TITLE, "until": _DAY},
            icon="gift",
            tone="green",
        ),
        NotificationKind(
            "rewards.sent",
            title=lazy("An order was sent or booked"),
            subject=lazy("Sent or booked: {title}"),
            body=lazy("The points were taken now, as the order said."),
            sample={"title": _TITLE},
            icon="check",
            tone="brand",
        ),
        NotificationKind(
            "rewards.care_overdue",
            title=lazy("Care for members is overdue"),
            subject=lazy("Overdue care for members: {number}"),
            body=lazy("Nobody has done it in time. See who takes it over."),
            sample={"number": 3},
            icon="heart-handshake",
            tone="rose",
            staff_only=True,
        ),
        NotificationKind(
            "rewards.expired",
            title=lazy("An order was not fetched in time"),
            subject=lazy("Not fetched in time: {title}"),
            body=lazy("Your points are back, with the same last day as before."),
            sample={"title": _TITLE},
            icon="hourglass",
        ),
        NotificationKind(
            "rewards.unanswered",
            title=lazy("The property company did not answer in time"),
            subject=lazy("Not confirmed in time: {title}"),
            body=lazy("Nothing was booked. Your points are back; you can ask again."),
            sample={"title": lazy("100 yuan off the property fee")},
            icon="hourglass",
            required=True,
        ),
        NotificationKind(
            "rewards.refused",
            title=lazy("The club could not fulfil an order"),
            subject=lazy("We cannot fulfil it: {title}"),
            body=lazy("{reason} Your points are back, with the same last day as before."),
            sample={"title": _TITLE, "reason": lazy("The last pieces were damaged.")},
            icon="info-circle",
            tone="rose",
            required=True,
        ),
    ]


def tell(kind: str, order: Order, project: ProjectRef, **values: object) -> None:
    """Tell the member something about an order; `values` beside the title, see all_kinds."""
    member = find_members([order.member_id]).get(order.member_id)
    if member is None:
        return
    notify(
        members=[member],
        kind=kind,
        cause=f"{kind}:{order.public_id}",
        project=project,
        values={"title": dict(order.title), **values},
        url=f"/p/{project.slug}/rewards/orders/{order.public_id}",
    )

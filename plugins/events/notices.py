"""The kinds of messages that members get about activities."""

from plugins.events.ladder import notices as ladder
from portal.sdk import NotificationKind, lazy


def all_kinds() -> list[NotificationKind]:
    """Return every kind of message."""
    title, starts = lazy("Sports day"), lazy("6 December, 09:30")
    return [
        *ladder.all_kinds(),
        NotificationKind(
            "events.confirmed",
            title=lazy("A registration is confirmed"),
            subject=lazy("You are registered for “{title}”"),
            body=lazy("It begins on {starts}. Your ticket is on the page of the activity."),
            sample={"title": title, "starts": starts},
            icon="ticket",
            tone="green",
        ),
        NotificationKind(
            "events.reminder",
            title=lazy("An activity begins soon"),
            subject=lazy("It begins soon: “{title}”"),
            body=lazy("{starts}, {place}. Your ticket is on the page of the activity."),
            sample={"title": title, "starts": starts, "place": lazy("Central lawn")},
            icon="clock",
            tone="brand",
        ),
        NotificationKind(
            "events.moved",
            title=lazy("An activity has another time or place"),
            subject=lazy("“{title}” has changed"),
            body=lazy(
                "It begins on {starts} at {place}. Your registration stays, unless you cancel it."
            ),
            sample={"title": title, "starts": starts, "place": lazy("Central lawn")},
            icon="calendar-event",
            tone="gold",
            urgent=True,
        ),
        NotificationKind(
            "events.postponed",
            title=lazy("An activity is postponed"),
            subject=lazy("“{title}” is postponed"),
            body=lazy("{reason} Your registration stays; we will tell you the new date."),
            sample={"title": title, "reason": lazy("Heavy rain is forecast.")},
            icon="clock",
            tone="gold",
            urgent=True,
        ),
        NotificationKind(
            "events.called_off",
            title=lazy("An activity is called off"),
            subject=lazy("“{title}” is called off"),
            body=lazy("{reason} What you paid or left as a deposit is returned in full."),
            sample={"title": title, "reason": lazy("Heavy rain is forecast.")},
            icon="calendar-x",
            tone="rose",
            required=True,
            urgent=True,
        ),
        NotificationKind(
            "events.offered",
            title=lazy("Seats are free for a party that waited"),
            subject=lazy("Seats are free for you: “{title}”"),
            body=lazy(
                "They are held for your whole party until {until}. Take them, or let them go."
            ),
            sample={"title": title, "until": starts},
            icon="ticket",
            tone="gold",
            required=True,
            urgent=True,
        ),
        NotificationKind(
            "events.offer_expired",
            title=lazy("Seats that were offered went to the next party"),
            subject=lazy("The time for taking seats is over: “{title}”"),
            body=lazy("They went to the next party. You may join the waiting list again."),
            sample={"title": title},
            icon="hourglass",
        ),
        NotificationKind(
            "events.requested",
            title=lazy("A request for a place has arrived"),
            subject=lazy("We have your request: “{title}”"),
            body=lazy("The club will answer it. Nothing is charged and no seat is taken before."),
            sample={"title": title},
            icon="send",
            tone="violet",
        ),
        NotificationKind(
            "events.rejected",
            title=lazy("A request for a place is rejected"),
            subject=lazy("No place this time: “{title}”"),
            body=lazy("{reason} Nothing was charged."),
            sample={"title": title, "reason": lazy("There are many beginners this time.")},
            icon="calendar-x",
            tone="rose",
            required=True,
        ),
        NotificationKind(
            "events.not_decided",
            title=lazy("A request for a place was not answered in time"),
            subject=lazy("No place this time: “{title}”"),
            body=lazy("We are sorry. The activity began before the club could answer."),
            sample={"title": title},
            icon="hourglass",
        ),
        NotificationKind(
            "events.put_in_queue",
            title=lazy("A request for a place is on the waiting list"),
            subject=lazy("You are on the waiting list: “{title}”"),
            body=lazy("All seats are taken. We will tell you when some are free for your party."),
            sample={"title": title},
            icon="hourglass",
            tone="violet",
        ),
        NotificationKind(
            "events.points_missing",
            title=lazy("Points are missing for a place"),
            subject=lazy("Points are missing for your place: “{title}”"),
            body=lazy("The club would give you a place, but you do not have enough points for it."),
            sample={"title": title},
            icon="coins",
            tone="gold",
            urgent=True,
        ),
        NotificationKind(
            "events.drawn",
            title=lazy("Seats were drawn for a party"),
            subject=lazy("You were drawn: “{title}”"),
            body=lazy("Seats are held for your party until {until}. Take them, or let them go."),
            sample={"title": title, "until": starts},
            icon="ticket",
            tone="gold",
            required=True,
            urgent=True,
        ),
        NotificationKind(
            "events.drawn_later",
            title=lazy("Not drawn, and on the waiting list"),
            subject=lazy("The seats of “{title}” were drawn"),
            body=lazy(
                "Your party did not get seats this time. It is on the waiting list now, in the "
                "order of the draw."
            ),
            sample={"title": title},
            icon="hourglass",
        ),
        NotificationKind(
            "events.not_drawn",
            title=lazy("Not drawn"),
            subject=lazy("The seats of “{title}” were drawn"),
            body=lazy("Your party did not get seats this time. We are sorry."),
            sample={"title": title},
            icon="hourglass",
        ),
        NotificationKind(
            "events.not_reached",
            title=lazy("No seats came free for a party that waited"),
            subject=lazy("No seats came free: “{title}”"),
            body=lazy("We are sorry. The activity has begun, and the waiting list is closed."),
            sample={"title": title},
            icon="hourglass",
        ),
    ]

"""The kinds of messages that owners get about surveys."""

from portal.sdk import NotificationKind, lazy

INVITED, REMINDED, PUBLISHED = "surveys.invited", "surveys.reminded", "surveys.published"


def all_kinds() -> list[NotificationKind]:
    """Return every kind of message."""
    title = lazy("Yearly survey")
    return [
        NotificationKind(
            INVITED,
            title=lazy("A survey asks you"),
            subject=lazy("We ask for your opinion: “{title}”"),
            body=lazy("It takes answers until {until}. It can be answered on a phone."),
            sample={"title": title, "until": lazy("20 December, 21:00")},
            icon="checklist",
            tone="violet",
        ),
        NotificationKind(
            REMINDED,
            title=lazy("A survey still waits for your answer"),
            subject=lazy("Your answer is still missing: “{title}”"),
            body=lazy("It takes answers until {until}. Who has answered is not asked again."),
            sample={"title": title, "until": lazy("20 December, 21:00")},
            icon="checklist",
            tone="violet",
        ),
        NotificationKind(
            PUBLISHED,
            title=lazy("The results of a survey are there"),
            subject=lazy("You said, we do: the results of “{title}”"),
            body=lazy("Read what owners answered, and what the project does about it."),
            sample={"title": title, "until": lazy("20 December, 21:00")},
            icon="chart-bar",
            tone="violet",
        ),
    ]

"""What members are told of marks and appeals."""

from portal.sdk import NotificationKind, lazy


def all_kinds() -> list[NotificationKind]:
    """Return every kind of message."""
    title, until = lazy("Sports day"), lazy("6 March, 00:00")
    answer = lazy("The bus was late, as the driver told us.")
    return [
        NotificationKind(
            "events.thanks",
            title=lazy("Thanks after an activity, with the way to photos and survey"),
            subject=lazy("Thank you for coming: “{title}”"),
            body=lazy("Photos and what the club would like to know are on its page."),
            sample={"title": title},
            icon="photo",
            tone="brand",
        ),
        NotificationKind(
            "events.penalty",
            title=lazy("A mark for not coming or cancelling late"),
            subject=lazy("A mark was noted: “{title}”"),
            body=lazy(
                "It counts until {until}. “My record” among your activities says what it means, "
                "and takes your appeal."
            ),
            sample={"title": title, "until": until},
            icon="alert-circle",
            tone="gold",
            required=True,
        ),
        NotificationKind(
            "events.appeal_granted",
            title=lazy("An appeal against a mark was granted"),
            subject=lazy("Your appeal was granted: “{title}”"),
            body=lazy("{answer} The mark does not count any more."),
            sample={"title": title, "answer": answer},
            icon="check",
            tone="green",
            required=True,
        ),
        NotificationKind(
            "events.appeal_refused",
            title=lazy("An appeal against a mark was refused"),
            subject=lazy("Your appeal was refused: “{title}”"),
            body=lazy("{answer} The mark counts until its date."),
            sample={"title": title, "answer": answer},
            icon="alert-circle",
            tone="rose",
            required=True,
        ),
    ]

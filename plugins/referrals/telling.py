"""What owners are told."""

from portal.sdk import NotificationKind, lazy


def all_notifications() -> list[NotificationKind]:
    """Return every kind of notification."""
    sample = {"friend": "138****8000"}
    body = lazy("The page of the referral shows what comes next and until when.")
    kinds = (
        ("consented", lazy("A friend agreed"), lazy("Your friend {friend} agreed"), "green"),
        ("accepted", lazy("A referral is accepted"), lazy("{friend} counts as yours"), "green"),
        (
            "rejected",
            lazy("A referral is not accepted"),
            lazy("{friend} does not count as yours"),
            "rose",
        ),
        ("moved_on", lazy("A friend has got on"), lazy("{friend} has got on"), "gold"),
        (
            "dispute",
            lazy("A dispute about a referral"),
            lazy("There is news in the dispute about {friend}"),
            "gold",
        ),
        ("ended", lazy("A referral has ended"), lazy("The referral {friend} has ended"), "gold"),
    )
    return [
        NotificationKind(
            f"referrals.{key}", title=title, subject=subject, body=body, sample=sample,
            icon="heart-handshake", tone=tone,
        )
        for key, title, subject, tone in kinds
    ]  # fmt: skip

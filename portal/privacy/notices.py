"""What members are told about their requests."""

from portal.i18n import lazy
from portal.messages.models import Channel
from portal.notifications.kinds import NotificationKind
from portal.notifications.service import notify
from portal.privacy.models import PrivacyRequest

PAGE = "/me/privacy"
_SAMPLE = {"until": lazy("6 December, 09:30")}
KINDS = [
    NotificationKind(
        "privacy.export_ready",
        title=lazy("The copy of your data is ready"),
        subject=lazy("The copy of your data is ready"),
        body=lazy("Take it on your page “My data” until {until}; then it is deleted."),
        sample=_SAMPLE,
        icon="download",
        tone="green",
    ),
    NotificationKind(
        "privacy.erasure_begun",
        title=lazy("Your account is going to be erased"),
        subject=lazy("Your account is going to be erased on {until}"),
        body=lazy(
            "Until then you can cancel on your page “My data”. If it was not you, do so now."
        ),
        sample=_SAMPLE,
        icon="alert-circle",
        tone="rose",
        channels=frozenset({Channel.MAIL, Channel.SMS}),
        required=True,
        urgent=True,
    ),
]


def tell(*, kind: str, account_id: int, request: PrivacyRequest) -> None:
    """Tell the member how a request stands, in the caller's transaction."""
    notify(
        account_ids=[account_id],
        kind=kind,
        cause=request.public_id,
        values={"until": request.due_at},
        url=PAGE,
    )

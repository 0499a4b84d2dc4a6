"""The words for events, states and refusals of webhooks."""

from portal.i18n import Text, lazy
from portal.webhooks.models import DeliveryState, WebhookState
from portal.webhooks.service import TEST

KIND_TITLES: dict[str, Text] = {
    "member.joined": lazy("Somebody became a member"),
    "member.changed": lazy("Name, salutation or birth month changed"),
    "member.moved": lazy("A member belongs to another household now"),
    "claim.made": lazy("A home was claimed"),
    "claim.decided": lazy("A claim was decided"),
    "ownership.started": lazy("Somebody lives in a home now"),
    "ownership.role_changed": lazy("Somebody's role in a home changed"),
    "ownership.ended": lazy("Somebody left a home"),
    "contract.signed": lazy("A purchase contract was signed"),
    "contract.paid": lazy("A payment towards a contract came in"),
    "contract.handed_over": lazy("A home was handed over"),
    "contract.cancelled": lazy("A purchase contract was cancelled"),
    "contract.corrected": lazy("A purchase contract was corrected"),
    "fee.paid": lazy("A fee was paid"),
    "facts.changed": lazy("Something that tiers count happened"),
    "points.posted": lazy("Points were posted"),
    "points.expired": lazy("Points expired"),
    "tier.changed": lazy("A member's tier changed"),
    "plugin.enabled": lazy("A plugin was switched on"),
    "plugin.disabled": lazy("A plugin was switched off"),
    TEST: lazy("A test"),
}
STATE_TITLES: dict[str, Text] = {
    WebhookState.ACTIVE: lazy("Active"),
    WebhookState.PAUSED: lazy("Paused"),
    WebhookState.FAILING: lazy("Paused: nothing arrives"),
}
DELIVERY_TITLES: dict[str, Text] = {
    DeliveryState.WAITING: lazy("On its way"),
    DeliveryState.DELIVERED: lazy("Delivered"),
    DeliveryState.FAILED: lazy("Given up"),
    DeliveryState.SKIPPED: lazy("Not sent"),
}
ERROR_TITLES: dict[str, Text] = {
    "status": lazy("The answer was not a success"),
    "redirect": lazy("The answer leads elsewhere, which is not followed"),
    "timeout": lazy("No answer within 10 seconds"),
    "no_name": lazy("The host is not known"),
    "no_connection": lazy("Nobody listens there, or the connection broke"),
    "tls": lazy("The certificate is not valid for this host"),
    "bad_answer": lazy("The answer is not HTTP"),
    "private": lazy("The host lies in a private network"),
    "paused": lazy("The webhook was paused"),
    "plugin_off": lazy("The plugin was switched off"),
    "unreadable": lazy("The address is not one that can be sent to"),
    "not_https": lazy("The address does not begin with https://"),
    "userinfo": lazy("The address holds a user name or a password"),
    "port": lazy("The address names a port of another service"),
}
ADDRESS_ERRORS: dict[str, Text] = {
    "unreadable": lazy(
        "Enter a whole address, such as https://example.com/hooks, of at most 500 characters."
    ),
    "not_https": lazy("Only addresses that begin with https:// are sent to."),
    "userinfo": lazy("Leave the user name and password out: messages are signed."),
    "port": lazy("Use port 443, or one from 1024 on."),
    "private": lazy("This host lies in a private network. Enter one on the public internet."),
}


def kind_title(kind: str) -> Text:
    """Return the words for a kind of event; a plugin's is shown as its name."""
    return KIND_TITLES.get(kind, kind)

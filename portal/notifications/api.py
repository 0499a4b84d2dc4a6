"""The inbox and its settings, for programs."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate
from werkzeug.exceptions import NotFound

from portal.access import signed_in
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import invalid
from portal.extensions import db
from portal.i18n import gettext, localized
from portal.messages.models import Channel
from portal.notifications import queries, service
from portal.notifications.models import Notification
from portal.notifications.views import choosable, offered_channels

blueprint = ApiBlueprint(
    "notifications_api", "portal.notifications", url_prefix="/api/v1/me", title="Messages"
)
_TIME = validate.Regexp(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z")


class NotificationShown(Output):
    """A message in the inbox."""

    id = Text(22)
    kind = Text(60)
    subject = Text(200)
    body = Text(2000)
    url = Text(
        300,
        metadata={"description": "A path of the portal, or nothing: also while its plugin is off."},
    )
    read = Flag()
    created_at = Moment()


class InboxQuery(Input):
    """Which messages."""

    unread = fields.Boolean(load_default=False)


class Read(Output):
    """How many were marked as read."""

    read = Whole(0, 1_000_000)


class KindChoice(Input):
    """By which channels a kind of message is sent, besides the inbox."""

    kind = Text(60, required=True)
    channels = list_of(Choice(Channel), required=True)


class Choices(Input):
    """How one is told. In the quiet hours nothing is sent but what cannot wait."""

    begins = fields.String(
        required=True,
        validate=_TIME,
        metadata={"description": "When the quiet hours begin: HH:MM in the club's time zone."},
    )
    ends = fields.String(
        required=True,
        validate=_TIME,
        metadata={"description": "When they end, on the next day if that is earlier; HH:MM."},
    )
    kinds = list_of(KindChoice, required=True)


class KindShown(Output):
    """A kind of message that may be chosen."""

    kind = Text(60)
    title = Text()
    channels = list_of(Choice(Channel))


class ChoicesShown(Output):
    """How one is told, and the channels that there are for this account."""

    begins = Text(5)
    ends = Text(5)
    offered = list_of(Choice(Channel))
    kinds = list_of(KindShown)


@blueprint.call("GET", "/inbox", page_schema(NotificationShown), query=InboxQuery, paged=True)
@signed_in
def inbox(query: Mapping[str, Any]) -> Any:
    """List what the club has told the account within ninety days, the newest first."""
    return paged(queries.inbox(current_account(), unread=query["unread"]), _shown)


@blueprint.call("POST", "/inbox/<public_id>/read", NotificationShown)
@signed_in
def read(public_id: str) -> dict[str, Any]:
    """Mark a message as read."""
    found = queries.find(current_account(), public_id)
    if found is None:
        raise NotFound
    service.mark_read(account=current_account(), public_id=public_id)
    db.session.commit()
    db.session.refresh(found)
    return _shown(found)


@blueprint.call("POST", "/inbox/read", Read)
@signed_in
def read_all() -> dict[str, int]:
    """Mark every message as read."""
    count = service.mark_read(account=current_account())
    db.session.commit()
    return {"read": count}


@blueprint.call("GET", "/notifications", ChoicesShown)
@signed_in
def choices() -> dict[str, Any]:
    """Show how one is told."""
    return _choices()


@blueprint.call(
    "PUT",
    "/notifications",
    ChoicesShown,
    body=Choices,
    errors={422: "A kind that cannot be chosen, or a channel that is not `offered`."},
)
@signed_in
def choose(body: Mapping[str, Any]) -> dict[str, Any]:
    """Choose how one is told; kinds that are not named stay as they are."""
    known, offered = {kind.key for kind in choosable()}, offered_channels(current_account())
    for each in body["kinds"]:
        if each["kind"] not in known:
            raise invalid(kinds=gettext("There is no such kind of message to choose."))
        if not set(each["channels"]) <= set(offered):
            names = ", ".join(offered) or "-"
            raise invalid(
                kinds=gettext("This account can be told by these channels: %(names)s.", names=names)
            )
    service.choose(
        account=current_account(),
        wanted={
            (each["kind"], channel): channel in each["channels"]
            for each in body["kinds"]
            for channel in offered
        },
        begins=_minutes(body["begins"]),
        ends=_minutes(body["ends"]),
    )
    db.session.commit()
    return _choices()


def _choices() -> dict[str, Any]:
    account = current_account()
    begins, ends = queries.quiet_hours(account)
    chosen, offered = queries.choices(account), offered_channels(account)
    return {
        "begins": _clock(begins),
        "ends": _clock(ends),
        "offered": offered,
        "kinds": [
            {
                "kind": kind.key,
                "title": str(kind.title),
                "channels": [
                    channel
                    for channel in offered
                    if chosen.get((kind.key, channel), channel in kind.channels)
                ],
            }
            for kind in choosable()
        ],
    }


def _shown(found: Notification) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "kind": found.kind,
        "subject": localized(found.subject),
        "body": localized(found.body),
        "url": queries.leads_to(found),
        "read": found.read_at is not None,
        "created_at": found.created_at,
    }


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

"""What plugins tell owners, and the ways out of the portal that they bring."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from flask import Flask
from sqlalchemy.orm import InstrumentedAttribute

from portal.config import Settings
from portal.messages.models import Channel
from portal.messages.senders import Message, SenderPoint, set_sender
from portal.notifications import service
from portal.notifications.kinds import NotificationKind, add_kinds, known_kinds
from portal.notifications.models import Notification
from portal.notifications.wording import check_values, check_wording
from portal.plugin_host.host import PluginHost
from portal.plugin_host.refs import MemberRef, ProjectRef, StaffRef


class TellingError(Exception):
    """What a plugin wants to tell, or how, breaks the contract; the text says how."""


@dataclass(frozen=True)
class PluginSender:
    """Carries messages by a plugin's function."""

    point: SenderPoint

    def send(self, message: Message) -> None:
        """Hand the message over to the plugin."""
        self.point.send(message)


def check_telling(
    plugin: str, kinds: Iterable[NotificationKind], senders: Iterable[SenderPoint]
) -> None:
    """Raise TellingError for kinds that are not the plugin's, are there twice or cannot be
    written out, and for senders of channels that do not exist."""
    seen: set[str] = set()
    for kind in kinds:
        if not kind.key.startswith(f"{plugin}.") or len(kind.key) > 60:
            raise TellingError(f"the notification {kind.key!r} must begin {plugin}.")
        if kind.key in seen:
            raise TellingError(f"the notification {kind.key!r} is there twice")
        seen.add(kind.key)
        for text in (str(kind.subject), str(kind.body)):
            try:
                check_wording(text, kind.sample)
            except ValueError as error:
                raise TellingError(
                    f"{kind.key!r} has a field without a sample: {text!r}"
                ) from error
        if not kind.channels <= set(Channel):
            raise TellingError(f"the notification {kind.key!r} names an unknown channel")
    channels = [sender.channel for sender in senders]
    for channel in channels:
        if channel not in set(Channel) or channels.count(channel) > 1:
            raise TellingError(f"it sends by {channel!r}: one of {', '.join(Channel)}, once each")


def configure_telling(app: Flask, host: PluginHost, settings: Settings) -> None:
    """Let the loaded plugins tell things, and send by those that the settings name."""
    chosen = {
        Channel.MAIL: settings.mail_sender,
        Channel.SMS: settings.sms_sender,
        Channel.WECHAT: settings.wechat_sender,
    }
    for name, plugin in sorted(host.loaded.items()):
        add_kinds(app, [replace(kind, plugin=name) for kind in plugin.notifications])
        for point in plugin.senders:
            if chosen[Channel(point.channel)] == name:
                set_sender(app, point.channel, PluginSender(point))


def notify(
    *,
    members: Collection[MemberRef] = (),
    staff: Collection[StaffRef] = (),
    kind: str,
    cause: str,
    project: ProjectRef | None,
    values: Mapping[str, object] | None = None,
    url: str = "",
) -> int:
    """Tell members or staff something in the caller's transaction; return how many had not been
    told.

    `kind`: one of the plugin's own, see register_notifications. `cause`: what happened, at most 80
    characters: nobody is told twice for one cause. `values`: the kind's fields: text, texts by
    language, whole numbers, dates, moments. `url`: a path of the portal. At most 500 in all.
    While the plugin is off in the project nobody is told. Raises ValueError for what is not so,
    which names the field.
    """
    found = known_kinds().get(kind)
    if found is None or found.plugin is None:
        raise ValueError(f"the notification {kind!r} is no plugin's")
    _check_people("members", members, MemberRef)
    _check_people("staff", staff, StaffRef)
    if len(members) + len(staff) > service.BATCH:
        raise ValueError(f"`members` has more than {service.BATCH}: tell them in several calls")
    _check_given(cause, project, url)
    check_values(found.sample, values or {})
    return service.notify(
        account_ids={member.account_id for member in members} | {each.id for each in staff},
        kind=kind,
        cause=cause,
        values=values,
        url=url,
        project_id=project.id if project else None,
    )


def _check_people(argument: str, people: object, kind: type) -> None:
    """Raise ValueError unless the argument is a list of so many of a kind."""
    if not isinstance(people, Collection) or not all(isinstance(each, kind) for each in people):
        raise ValueError(f"`{argument}` is a list of {kind.__name__}")


def _check_given(cause: object, project: object, url: object) -> None:
    """Raise ValueError, which names the argument, for what no message can be made of."""
    if not isinstance(cause, str) or not 0 < len(cause) <= _most(Notification.cause):
        raise ValueError(f"`cause` is a text of 1 to {_most(Notification.cause)} characters")
    if not isinstance(project, ProjectRef | None):
        raise ValueError("`project` is a ProjectRef or None")
    if not isinstance(url, str) or len(url) > _most(Notification.url):
        raise ValueError(f"`url` is a path of at most {_most(Notification.url)} characters")


def _most(column: InstrumentedAttribute[str]) -> int:
    length: int = column.type.length
    return length

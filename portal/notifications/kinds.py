"""The kinds of notifications: their usual words, and how they reach people unless they choose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from portal.i18n import Text
from portal.messages.models import Channel

_EXTENSION = "portal.notification_kinds"


@dataclass(frozen=True)
class NotificationKind:
    """Something that owners are told. `key` is `<owner>.<what>`.

    `subject` and `body` may hold fields such as `{home}`; `sample` gives an example for each.
    `channels`: besides the inbox, unless the reader chose otherwise. `required`: cannot be
    switched off. `urgent`: does not wait for the morning. `staff_only`: members are not asked how
    they want to hear of it.
    """

    key: str
    title: Text
    subject: Text
    body: Text
    sample: Mapping[str, Text]
    icon: str = "bell"
    tone: str = "brand"
    channels: frozenset[str] = frozenset({Channel.MAIL})
    required: bool = False
    urgent: bool = False
    staff_only: bool = False
    plugin: str | None = None

    @property
    def owner(self) -> str:
        """The feature or plugin that it belongs to."""
        return self.key.partition(".")[0]


def add_kinds(app: Flask, kinds: Iterable[NotificationKind]) -> None:
    """Let notifications of these kinds be sent. Raises ValueError for a key that is taken."""
    known = app.extensions.setdefault(_EXTENSION, {})
    for kind in kinds:
        if kind.key in known:
            raise ValueError(f"there are two notifications {kind.key!r}")
        known[kind.key] = kind


def known_kinds() -> Mapping[str, NotificationKind]:
    """Return every kind of this application by its key."""
    return current_app.extensions.get(_EXTENSION, {})

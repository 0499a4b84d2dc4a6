"""What the inbox and its settings show."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import g

from portal.accounts.current import ALONG
from portal.accounts.flow import own_path
from portal.accounts.models import Account
from portal.extensions import db
from portal.notifications.kinds import NotificationKind, known_kinds
from portal.notifications.models import (
    Notification,
    NotificationChoice,
    NotificationWording,
    QuietHours,
)
from portal.notifications.quiet import NIGHT
from portal.pagination import Page, page_of
from portal.slots import is_plugin_on


def inbox(account: Account, *, unread: bool = False, owner: str | None = None) -> Page[Any]:
    """Return a page of an account's inbox, the newest first."""
    statement = sa.select(Notification).where(Notification.account_id == account.id)
    if unread:
        statement = statement.where(Notification.read_at.is_(None))
    if owner is not None:
        statement = statement.where(Notification.kind.startswith(f"{owner}.", autoescape=True))
    return page_of(statement, Notification.created_at, Notification.id, descending=True)


def find(account: Account, public_id: str) -> Notification | None:
    """Return a notification of this account."""
    return db.session.scalar(
        sa.select(Notification).where(
            Notification.public_id == public_id, Notification.account_id == account.id
        )
    )


def leads_to(notification: Notification) -> str:
    """Return where a message leads now: nowhere while its plugin is off, or was removed. It can
    still be read: it was told, and the page that it leads to would only say "not available"."""
    if is_plugin_on(notification.plugin, notification.project_id):
        return own_path(notification.url) or ""
    return ""


def unread_count() -> int:
    """Return how many messages the reader has not read: asked together with the account."""
    found: int = g.get("along", {}).get("unread", 0)
    return found


def _unread() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count(Notification.id))
        .where(Notification.account_id == Account.id, Notification.read_at.is_(None))
        .correlate(Account)
        .scalar_subquery()
    )


ALONG["unread"] = _unread


def choices(account: Account) -> dict[tuple[str, str], bool]:
    """Return what an account chose, by (kind, channel); what is missing is the kind's default."""
    rows = db.session.execute(
        sa.select(
            NotificationChoice.kind, NotificationChoice.channel, NotificationChoice.wanted
        ).where(NotificationChoice.account_id == account.id)
    )
    return {(kind, channel): wanted for kind, channel, wanted in rows}


def quiet_hours(account: Account) -> tuple[int, int]:
    """Return an account's quiet hours in minutes of the day."""
    row = db.session.get(QuietHours, account.id)
    return (row.begins, row.ends) if row else NIGHT


def sorted_kinds() -> Sequence[NotificationKind]:
    """Return every kind, core's first."""
    return sorted(known_kinds().values(), key=lambda kind: (bool(kind.plugin), kind.key))


def reworded() -> frozenset[str]:
    """Return the kinds that have the club's own words in some language."""
    return frozenset(db.session.scalars(sa.select(NotificationWording.kind).distinct()))

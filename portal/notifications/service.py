"""Telling people: a row in the inbox, and messages by the channels that each wants."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from portal import clock
from portal.accounts.flow import own_path
from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import new_public_id
from portal.database.statements import insert_new_returning, put
from portal.extensions import db
from portal.i18n import LANGUAGES
from portal.messages.service import send_many
from portal.notifications.channels import drafts_for
from portal.notifications.kinds import NotificationKind, known_kinds
from portal.notifications.models import (
    Notification,
    NotificationChoice,
    NotificationWording,
    QuietHours,
)
from portal.notifications.wording import (
    Wording,
    check_wording,
    filled,
    wordings_of,
    written_out,
)
from portal.slots import is_plugin_on

BATCH = 500
"""How many accounts are told in one go."""


def notify(
    *,
    account_ids: Collection[int],
    kind: str,
    cause: str,
    values: Mapping[str, object] | None = None,
    wording: Wording | None = None,
    url: str = "",
    project_id: int | None = None,
) -> int:
    """Tell accounts something in the caller's transaction; return how many had not been told.

    `cause`: what happened (at most 80 characters); for one cause nobody is told twice. `values`:
    the kind's fields: text, texts by language, whole numbers, dates, moments. `wording`: other
    words than the kind's. `url`: a path of the portal. At most 500 accounts at once. Raises
    ValueError for a kind that nobody registered and for another address. A plugin that is off tells
    nothing.
    """
    found = _known(kind, url)
    if not account_ids or not is_plugin_on(found.plugin, project_id):
        return 0
    if wording is None:
        wording = written_out(found, values or {})
    return _tell(found, dict.fromkeys(sorted(account_ids), wording), cause, url, project_id)


def notify_each(
    *,
    values: Mapping[int, Mapping[str, object]],
    kind: str,
    cause: str,
    url: str = "",
    project_id: int | None = None,
) -> int:
    """Tell accounts likewise, each with fields of its own: `values` by account, at most 500."""
    found = _known(kind, url)
    if not values or not is_plugin_on(found.plugin, project_id):
        return 0
    words = wordings_of(found)
    wordings = {id_: filled(words, values[id_]) for id_ in sorted(values)}
    return _tell(found, wordings, cause, url, project_id)


def _known(kind: str, url: str) -> NotificationKind:
    found = known_kinds().get(kind)
    if found is None:
        raise ValueError(f"the notification {kind!r} is not registered")
    if url and own_path(url) is None:
        raise ValueError("a notification's url is a path of the portal")
    return found


def _tell(
    kind: NotificationKind,
    wordings: Mapping[int, Wording],
    cause: str,
    url: str,
    project_id: int | None,
) -> int:
    told = _write(kind, wordings, cause, url, project_id)
    if told:
        send_many(drafts_for(kind, told, wordings, url, project_id))
    return len(told)


def _write(
    kind: NotificationKind,
    wordings: Mapping[int, Wording],
    cause: str,
    url: str,
    project_id: int | None,
) -> dict[int, str]:
    """Insert the rows that are new; return their public ids by account."""
    now = clock.now()
    rows = [
        {
            "public_id": new_public_id(),
            "account_id": account_id,
            "kind": kind.key,
            "cause": cause,
            "project_id": project_id,
            "plugin": kind.plugin,
            "subject": dict(wording.subject),
            "body": dict(wording.body),
            "url": url,
            "created_at": now,
        }
        for account_id, wording in wordings.items()
    ]
    new = insert_new_returning(Notification, rows, Notification.account_id, Notification.public_id)
    return {row.account_id: row.public_id for row in new}


def mark_read(*, account: Account, public_id: str | None = None) -> int:
    """Mark one notification of an account as read, or all; return how many were unread."""
    where = [Notification.account_id == account.id, Notification.read_at.is_(None)]
    if public_id is not None:
        where.append(Notification.public_id == public_id)
    changed = db.session.execute(
        sa.update(Notification)
        .where(*where)
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def choose(
    *, account: Account, wanted: Mapping[tuple[str, str], bool], begins: int, ends: int
) -> None:
    """Keep what an account wants by (kind, channel), and its quiet hours in minutes of the day."""
    for (kind, channel), value in wanted.items():
        db.session.execute(
            put(
                NotificationChoice,
                ("account_id", "kind", "channel"),
                {"account_id": account.id, "kind": kind, "channel": channel, "wanted": value},
            )
        )
    db.session.execute(
        put(QuietHours, ("account_id",), {"account_id": account.id, "begins": begins, "ends": ends})
    )


def reword(
    *, actor: Account, kind: NotificationKind, wordings: Mapping[str, tuple[str, str]]
) -> None:
    """Use the club's own subject and body for a kind in some languages, and the built-in words in
    the others. Raises WordingError for a field that the kind does not have."""
    for subject, body in wordings.values():
        check_wording(subject, kind.sample)
        check_wording(body, kind.sample)
    for locale in LANGUAGES:
        if locale not in wordings:
            db.session.execute(
                sa.delete(NotificationWording).where(
                    NotificationWording.kind == kind.key, NotificationWording.locale == locale
                )
            )
            continue
        subject, body = wordings[locale]
        db.session.execute(
            put(
                NotificationWording,
                ("kind", "locale"),
                {
                    "kind": kind.key,
                    "locale": locale,
                    "subject": subject,
                    "body": body,
                    "changed_at": clock.now(),
                    "changed_by_id": actor.id,
                },
            )
        )
    record(
        actor=actor,
        action="notification.reworded",
        subject=("notification", kind.key),
        project_id=None,
        facts={"languages": sorted(wordings)},
    )

"""Writing a message: a row and a job in the caller's transaction, sent after its commit."""

from datetime import datetime

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.extensions import db
from portal.jobs.service import enqueue
from portal.jobs.statements import insert_new
from portal.messages.models import Channel, MessageState, OutgoingMessage
from portal.phones import mask_phone

SEND = "messages.send"


def send(
    *,
    channel: Channel,
    address: str,
    text: str,
    about: str,
    subject: str = "",
    key: str | None = None,
    account_id: int | None = None,
    project_id: int | None = None,
    plugin: str | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    to_nobody: bool = False,
) -> None:
    """Send a message once the caller's transaction is committed; a `key` that was used: nothing.

    `about`: the kind of message, for staff. `not_after`: when it is of no use any more (aware UTC).
    `plugin`: whose it is; it is not sent while the plugin is off. `to_nobody`: do the same work
    for a message that nobody gets, so that the time tells nothing.
    """
    row = {
        "public_id": new_public_id(),
        "channel": channel,
        "state": MessageState.SKIPPED if to_nobody else MessageState.WAITING,
        "key": key,
        "about": about,
        "account_id": account_id,
        "project_id": project_id,
        "plugin": plugin,
        "address": None if to_nobody else address,
        "subject": None if to_nobody else subject,
        "body": None if to_nobody else text,
        "hint": mask(channel, address),
        "error": "",
        "expires_at": not_after,
        "created_at": clock.now(),
    }
    if insert_new(OutgoingMessage, [row]):
        enqueue(
            kind=SEND,
            payload={"message": row["public_id"]},
            project_id=project_id,
            key=f"message:{row['public_id']}",
            run_at=not_before,
        )


def mask(channel: str, address: str) -> str:
    """Return what staff may see of an address."""
    if channel == Channel.SMS:
        return mask_phone(address)
    if channel == Channel.MAIL:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}***@{domain}"[:80]
    return address[:4] + "***"


def settle(message: OutgoingMessage, state: MessageState, error: str = "") -> None:
    """Note what became of a message, and blank its address and words."""
    db.session.execute(
        sa.update(OutgoingMessage)
        .where(OutgoingMessage.id == message.id, OutgoingMessage.state == MessageState.WAITING)
        .values(
            state=state,
            error=error[:300],
            sent_at=clock.now() if state == MessageState.SENT else None,
            address=None,
            subject=None,
            body=None,
        )
        .execution_options(synchronize_session=False)
    )

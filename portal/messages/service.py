"""Writing messages: rows and jobs in the caller's transaction, sent after its commit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.database.statements import insert_new_returning
from portal.extensions import db
from portal.jobs.service import enqueue_many
from portal.messages.models import Channel, MessageState, OutgoingMessage
from portal.phones import mask_phone

SEND = "messages.send"


@dataclass(frozen=True)
class Draft:
    """A message to be sent. `about`: the kind of message, for staff. `key`: what it is sent for;
    once used, nothing is sent. `not_before`, `not_after`: aware UTC; later it is of no use.
    `plugin`: whose it is; it is not sent while the plugin is off. `to_nobody`: the same work is
    done for a message that nobody gets, so that the time tells nothing."""

    channel: str
    address: str
    text: str
    about: str
    subject: str = ""
    key: str | None = None
    account_id: int | None = None
    project_id: int | None = None
    plugin: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    to_nobody: bool = False


def send(draft: Draft) -> None:
    """Send a message once the caller's transaction is committed."""
    send_many([draft])


def send_many(drafts: Sequence[Draft]) -> None:
    """Send messages once the caller's transaction is committed: two statements for each moment
    before which some must not be sent."""
    if not drafts:
        return
    rows = {new_public_id(): draft for draft in drafts}
    new = insert_new_returning(
        OutgoingMessage,
        [_row(id_, draft) for id_, draft in rows.items()],
        OutgoingMessage.public_id,
    )
    waiting: dict[Any, list[dict[str, str]]] = defaultdict(list)
    for (id_,) in new:
        draft = rows[id_]
        waiting[draft.not_before, draft.project_id].append(
            {"message": id_, "key": f"message:{id_}"}
        )
    for (not_before, project_id), wanted in waiting.items():
        enqueue_many(kind=SEND, wanted=wanted, project_id=project_id, run_at=not_before)


def _row(id_: str, draft: Draft) -> dict[str, Any]:
    nobody = draft.to_nobody
    return {
        "public_id": id_,
        "channel": draft.channel,
        "state": MessageState.SKIPPED if nobody else MessageState.WAITING,
        "key": draft.key,
        "about": draft.about,
        "account_id": draft.account_id,
        "project_id": draft.project_id,
        "plugin": draft.plugin,
        "address": None if nobody else draft.address,
        "subject": None if nobody else draft.subject,
        "body": None if nobody else draft.text,
        "hint": mask(draft.channel, draft.address),
        "error": "",
        "expires_at": draft.not_after,
        "created_at": clock.now(),
    }


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

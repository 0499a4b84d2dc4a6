"""Handing messages over, and blanking those that nobody will send any more."""

from datetime import time

import sqlalchemy as sa

from portal import clock
from portal.extensions import db, reading
from portal.jobs.registry import JobRun, job
from portal.messages.models import MessageState, OutgoingMessage
from portal.messages.senders import Message, SendError, sender_of
from portal.messages.service import SEND, settle
from portal.slots import is_plugin_on


@job(SEND)
def send(run: JobRun) -> None:
    """Hand one message over. One that nobody takes now is tried again later, unless it is refused
    for good or of no use any more."""
    with reading():
        # The server of the other side may be slow: no write lock is held meanwhile.
        message = db.session.scalar(
            sa.select(OutgoingMessage).where(OutgoingMessage.public_id == run.payload["message"])
        )
        if message is not None:
            # Looked at once more, it would begin a transaction that lasts as long as the server.
            db.session.expunge(message)
        is_on = message is None or is_plugin_on(message.plugin, message.project_id)
        db.session.rollback()
    if message is None or message.state != MessageState.WAITING:
        return
    if message.expires_at is not None and message.expires_at <= clock.now():
        settle(message, MessageState.EXPIRED)
    elif not is_on:
        settle(message, MessageState.SKIPPED, f"{message.plugin} is off")
    else:
        _hand_over(message)


def _hand_over(message: OutgoingMessage) -> None:
    try:
        sender_of(message.channel).send(
            Message(
                id=message.public_id,
                to=message.address or "",
                subject=message.subject or "",
                text=message.body or "",
            )
        )
    except SendError as error:
        if not error.permanent:
            raise
        settle(message, MessageState.REFUSED, str(error))
    else:
        settle(message, MessageState.SENT)


@job("messages.expire", at=time(3, 30))
def expire(_run: JobRun) -> None:
    """Blank the words of what is of no use any more and nobody will send."""
    db.session.execute(
        sa.update(OutgoingMessage)
        .where(
            OutgoingMessage.state == MessageState.WAITING,
            OutgoingMessage.expires_at <= clock.now(),
        )
        .values(state=MessageState.EXPIRED, address=None, subject=None, body=None)
        .execution_options(synchronize_session=False)
    )

"""What left the portal, or did not."""

from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.messages.models import Channel, MessageState, OutgoingMessage
from portal.pagination import Page, page_of


def sent_page(state: MessageState | None, channel: Channel | None) -> Page[Any]:
    """Return a page of the messages in a state and of a channel (None: all), the newest first."""
    statement = sa.select(OutgoingMessage)
    if state is not None:
        statement = statement.where(OutgoingMessage.state == state)
    if channel is not None:
        statement = statement.where(OutgoingMessage.channel == channel)
    return page_of(statement, OutgoingMessage.created_at, OutgoingMessage.id, descending=True)


def refused_count() -> int:
    """Return how many messages nobody took for good."""
    refused = sa.select(sa.func.count()).where(OutgoingMessage.state == MessageState.REFUSED)
    return db.session.scalar(refused) or 0

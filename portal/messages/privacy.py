"""What is kept of mails and text messages to an account."""

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.messages.models import MessageState, OutgoingMessage
from portal.personal_data import Coverage, ExportPart, RetentionRule, rows_rule

if TYPE_CHECKING:
    from portal.members.models import Member

TABLES = {"outgoing_message": Coverage()}


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return which messages were sent where; their words are blanked once they are sent."""
    rows = db.session.scalars(
        sa.select(OutgoingMessage)
        .where(OutgoingMessage.account_id == member.account_id)
        .order_by(OutgoingMessage.created_at, OutgoingMessage.id)
    )
    return [
        ExportPart(
            "sent_messages",
            lazy("Mails and text messages"),
            {
                "at": lazy("Time"),
                "channel": lazy("Channel"),
                "to": lazy("To"),
                "about": lazy("About"),
                "state": lazy("State"),
            },
            [
                {
                    "at": row.created_at,
                    "channel": row.channel,
                    "to": row.hint,
                    "about": row.about,
                    "state": row.state,
                }
                for row in rows
            ],
        )
    ]


def erase_member_data(member: "Member") -> None:
    """Delete the messages; one that waits is not sent any more."""
    db.session.execute(
        sa.delete(OutgoingMessage).where(OutgoingMessage.account_id == member.account_id)
    )


def retention_rules() -> list[RetentionRule]:
    """Return how long it is kept which messages were sent; nobody sends one that waits so long."""
    return [
        rows_rule(
            "messages", lazy("Mails and text messages that were sent"), 90, 14,
            OutgoingMessage, _older,
        )
    ]  # fmt: skip


def _older(before: datetime) -> sa.ColumnElement[bool]:
    # By state, as the index begins.
    return sa.and_(
        OutgoingMessage.state.in_(tuple(MessageState)), OutgoingMessage.created_at < before
    )

"""What is kept of what an account was told."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy, localized
from portal.notifications.models import Notification, NotificationChoice, QuietHours
from portal.personal_data import Coverage, ErasureNote, ExportPart, RetentionRule, rows_rule

if TYPE_CHECKING:
    from portal.members.models import Member

TABLES = {
    "notification": Coverage(),
    "notification_choice": Coverage(),
    "quiet_hours": Coverage(),
    "notification_wording": Coverage(
        exported=False, erased=False, why="the club's words; names only the staff who wrote them"
    ),
}


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return the inbox, and how the account wants to be told."""
    messages = db.session.scalars(
        sa.select(Notification)
        .where(Notification.account_id == member.account_id)
        .order_by(Notification.created_at, Notification.id)
    )
    choices = db.session.scalars(
        sa.select(NotificationChoice)
        .where(NotificationChoice.account_id == member.account_id)
        .order_by(NotificationChoice.kind, NotificationChoice.channel)
    )
    quiet = db.session.get(QuietHours, member.account_id)
    return [
        ExportPart(
            "messages",
            lazy("Messages to you"),
            {
                "at": lazy("Time"),
                "subject": lazy("Subject"),
                "body": lazy("Text"),
                "read": lazy("Read"),
            },
            [
                {
                    "at": row.created_at,
                    "subject": localized(row.subject),
                    "body": localized(row.body),
                    "read": row.read_at,
                }
                for row in messages
            ],
        ),
        ExportPart(
            "message_choices",
            lazy("How you want to be told"),
            {"kind": lazy("Kind"), "channel": lazy("Channel"), "wanted": lazy("Wanted")},
            [
                *(
                    {"kind": row.kind, "channel": row.channel, "wanted": row.wanted}
                    for row in choices
                ),
                *(
                    [{"kind": "quiet_hours", "channel": f"{quiet.begins}-{quiet.ends}"}]
                    if quiet
                    else []
                ),
            ],
        ),
    ]


def erase_member_data(member: "Member") -> None:
    """Delete the inbox and the choices."""
    for model in (Notification, NotificationChoice, QuietHours):
        db.session.execute(sa.delete(model).where(model.account_id == member.account_id))


def erasure_notes(member: "Member") -> list[ErasureNote]:
    """Return that the inbox goes."""
    return [ErasureNote(lazy("Your inbox and how you want to be told"))]


def retention_rules() -> list[RetentionRule]:
    """Return how long the inbox keeps a message, read or not."""
    return [
        rows_rule(
            "inbox", lazy("Messages in the inbox"), 90, 30,
            Notification, lambda before: Notification.created_at < before,
        )
    ]  # fmt: skip

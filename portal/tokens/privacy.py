"""What is kept of the programs that act for an account."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.personal_data import Coverage, ExportPart
from portal.tokens.models import ApiToken

if TYPE_CHECKING:
    from portal.members.models import Member

TABLES = {"api_token": Coverage()}


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return the programs that the account let in."""
    rows = db.session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.account_id == member.account_id)
        .order_by(ApiToken.created_at)
    )
    return [
        ExportPart(
            "programs",
            lazy("Programs that act for you"),
            {
                "name": lazy("Name"),
                "since": lazy("Since"),
                "last_used": lazy("Last used"),
                "until": lazy("Until"),
                "revoked": lazy("Withdrawn"),
            },
            [
                {
                    "name": row.name,
                    "since": row.created_at,
                    "last_used": row.last_used_at,
                    "until": row.expires_at,
                    "revoked": row.revoked_at,
                }
                for row in rows
            ],
        )
    ]


def erase_member_data(member: "Member") -> None:
    """Delete the account's tokens: no program acts for it any more."""
    db.session.execute(sa.delete(ApiToken).where(ApiToken.account_id == member.account_id))

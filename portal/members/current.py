"""The member behind this request."""

import sqlalchemy as sa
from flask import g
from werkzeug.exceptions import Forbidden

from portal.extensions import db
from portal.members.models import Member, MemberState


def find_current_member() -> Member | None:
    """Return the signed-in account's member, or None; one statement a request."""
    if "member" not in g:
        account = g.get("account")
        g.member = account and db.session.scalar(
            sa.select(Member).where(
                Member.account_id == account.id, Member.state == MemberState.ACTIVE
            )
        )
    return g.member


def current_member() -> Member:
    """Return the signed-in member; raises 403 for an account that is none."""
    member = find_current_member()
    if member is None:
        raise Forbidden
    return member

"""What is begun and not sent: kept by the server where answers have names, never elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.surveys.answering.finding import Found
from plugins.surveys.models import Draft
from portal.sdk import MemberRef, db


def save(
    *, found: Found, member: MemberRef, answers: Mapping[str, Any], block: str, at: datetime
) -> None:
    """Keep what the member answered so far. Raises ValueError for an anonymous wave.

    Of a household each member has their own; whose answer is sent first is the household's.
    """
    if found.anonymous:
        raise ValueError("an anonymous wave keeps no draft")
    kept = {"answers": dict(answers), "block": block, "saved_at": at}
    change = (
        sa.update(Draft)
        .where(Draft.participation_id == found.asked.id, Draft.member_id == member.id)
        .values(version=Draft.version + 1, **kept)
        .execution_options(synchronize_session=False)
    )
    if getattr(db.session.execute(change), "rowcount", 0):
        return
    whose = {"participation_id": found.asked.id, "member_id": member.id}
    draft = Draft(project_id=found.wave.project_id, **whose, **kept)
    try:
        with db.session.begin_nested():
            db.session.add(draft)
    except IntegrityError:
        # Another tab was faster.
        db.session.execute(change)

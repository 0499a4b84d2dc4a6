"""Pictures of a dispute: with the step that they belong to, and seen by whoever reads its words.

Owners see what they sent themselves: what the other side or the sales office shows may have a
friend's number on it in full. Whoever decides sees all of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.referrals.history import log
from plugins.referrals.models import Lead, Step
from plugins.referrals.posting import owner_of
from portal.sdk import (
    FileRef,
    MemberRef,
    Picture,
    ProjectRef,
    db,
    delete_files,
    files_of,
    may,
    store_picture,
)

EVIDENCE = "referrals.evidence"
SPOKEN = ("disputed", "evidence", "appealed")
"""The steps of a dispute in which somebody speaks."""


def say(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    step: str,
    words: str,
    side: str,
    at: datetime,
    pictures: Sequence[Picture],
) -> None:
    """Write down what somebody says in a dispute, and keep the pictures with it."""
    facts = {"side": side}
    said = log(actor=actor, project=project, lead=lead, step=step, facts=facts, words=words, at=at)
    # What an owner sends is in the copy of the own data, and goes with them.
    member = owner_of(lead.referrer_id) if side == "owner" and pictures else None
    for each in pictures:
        store_picture(
            kind=EVIDENCE, key=said.public_id, picture=each, project=project, member=member
        )


def pictures_of(steps: Sequence[Step]) -> Mapping[str, Sequence[FileRef]]:
    """Return the pictures of steps by their public ids, in one statement."""
    keys = [step.public_id for step in steps if step.step in SPOKEN]
    return files_of(kind=EVIDENCE, keys=keys[:300])


def may_see(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Tell whether a reader is in the room: who decides disputes here, or who said it."""
    step = db.session.scalar(
        sa.select(Step).where(Step.public_id == file.key, Step.project_id == project.id)
    )
    if step is None or step.step not in SPOKEN:
        return False
    own = member is not None and member.account_id == step.by and step.facts.get("side") == "owner"
    return own or may("referrals.judge")


def forget_pictures(leads: sa.ColumnElement[bool]) -> None:
    """Delete the pictures of leads for good. `leads`: which steps, by their lead."""
    for key in db.session.scalars(sa.select(Step.public_id).where(leads, Step.step.in_(SPOKEN))):
        delete_files(kind=EVIDENCE, key=key)

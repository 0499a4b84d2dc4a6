"""Whose card was shown, the same at the desk and on a partner's phone."""

from dataclasses import dataclass
from typing import Any

from flask import current_app

from plugins.rewards.card.codes import Typed, is_now, was_once
from plugins.rewards.errors import RewardError
from plugins.rewards.vouchers.service import count_wrong, may_try
from plugins.rewards.words import REFUSALS
from portal.sdk import CardRef, MemberRef, ProjectRef, card_of, db, find_card, homes_of, now

STATUS = {"CARD_FORGED": 422, "CARD_FOREIGN": 403, "CARD_STALE": 410, "TOO_MANY_TRIES": 429}


@dataclass(frozen=True)
class Shown:
    """What came of a code: the member with the card, or why not."""

    member: MemberRef | None = None
    card: CardRef | None = None
    code: str = ""
    status: int = 200

    @property
    def refused(self) -> object:
        """The sentence of a refusal; "" for none."""
        return REFUSALS[self.code] if self.code else ""


def look(*, actor: Any, project: ProjectRef, who: str, text: str) -> Shown:
    """Say whose card was shown; a wrong code is counted, and committed.

    `who`: who tries, for the limit of wrong codes a minute.
    """
    at = now()
    if not may_try(project, who, at):
        return _refused("TOO_MANY_TRIES")
    try:
        member = verify(project=project, text=text)
    except RewardError as error:
        if error.code == "CARD_FORGED":
            count_wrong(actor=actor, project=project, who=who, at=at)
            db.session.commit()
        return _refused(error.code)
    return Shown(member, card_of(member))


def verify(*, project: ProjectRef, text: str) -> MemberRef:
    """Return whose card was shown.

    Raises RewardError, one code each: CARD_FORGED, CARD_STALE, and CARD_FOREIGN for a member
    without a home in the project.
    """
    at, secret = now(), current_app.secret_key
    typed = Typed.read(text)
    member = find_card(typed.number) if typed else None
    if typed is None or member is None:
        raise RewardError("CARD_FORGED")
    if not is_now(str(secret), typed, at):
        raise RewardError("CARD_STALE" if was_once(str(secret), typed, at) else "CARD_FORGED")
    if not homes_of(member, project):
        raise RewardError("CARD_FOREIGN")
    return member


def _refused(code: str) -> Shown:
    return Shown(code=code, status=STATUS[code])

"""What a posting is given: whose points, why, and on what terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.points.kinds import HolderKind


@dataclass(frozen=True)
class Holder:
    """Whose points: a member, household, unit or project, by its internal id."""

    kind: HolderKind
    id: int

    @classmethod
    def member(cls, member_id: int) -> "Holder":
        """Return the holder of a member's own points."""
        return cls(HolderKind.MEMBER, member_id)

    @classmethod
    def household(cls, household_id: int) -> "Holder":
        """Return the holder of the points that a household has together."""
        return cls(HolderKind.HOUSEHOLD, household_id)


@dataclass(frozen=True)
class Why:
    """The reason of a posting, kept for ever: ids and codes in `facts`, free text in `note` only.

    `source` names what happened ("survey.answered"), `source_key` which one. `business_date`: the
    day of the event, whose rules decided (default: the club's today).
    """

    source: str
    source_key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    project_id: int | None = None
    business_date: date | None = None
    rule: str | None = None
    rule_version: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Terms:
    """When earned points begin and end, if the currency's policy does not say.

    `matures_on`: they are pending until this day; `waits`: until `mature` is called.
    `expires_on`: their last day. `bonus`: used first where the club says so. `budget`: the code of
    the campaign budget that they come out of.
    """

    matures_on: date | None = None
    waits: bool = False
    expires_on: date | None = None
    bonus: bool = False
    budget: str | None = None


NO_TERMS = Terms()


@dataclass(frozen=True)
class Posting:
    """What a posting did: the transaction, and whether this call or an earlier one made it."""

    id: int
    public_id: str
    kind: str
    account_id: int
    amount: int
    is_new: bool = True

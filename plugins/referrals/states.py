"""The life of a lead: its stages in their order, and the ways out at the side."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a lead stands."""

    INVITED = "invited"
    CONSENTED = "consented"
    REPORTED = "reported"
    ACCEPTED = "accepted"
    VISITED = "visited"
    PRE_REGISTERED = "pre_registered"
    SUBSCRIBED = "subscribed"
    SIGNED = "signed"
    PAID = "paid"
    CLOSED = "closed"
    REFUSED = "refused"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    LOST = "lost"
    CANCELLED = "cancelled"
    MERGED = "merged"


S = State
STAGES = (
    S.INVITED, S.CONSENTED, S.REPORTED, S.ACCEPTED, S.VISITED, S.PRE_REGISTERED, S.SUBSCRIBED,
    S.SIGNED, S.PAID, S.CLOSED,
)  # fmt: skip
"""In their order. A sales office may do without the pre-registration."""

ACTIVE = STAGES[1:]
"""One active lead a friend and project."""
ACTIVE_SQL = (
    "state IN ('consented', 'reported', 'accepted', 'visited', 'pre_registered', 'subscribed', "
    "'signed', 'paid', 'closed')"
)
ENDED = (S.REFUSED, S.REJECTED, S.LAPSED, S.LOST, S.CANCELLED, S.MERGED)
UNDECIDED = (S.REPORTED,)
"""What a verifier has to answer."""
OPEN = (S.REPORTED, S.ACCEPTED, S.VISITED, S.PRE_REGISTERED, S.SUBSCRIBED, S.SIGNED, S.PAID)
DISPUTABLE = (S.REJECTED, S.LAPSED, *OPEN, S.CLOSED)
OBJECTABLE = (S.REJECTED, S.LAPSED)
"""What staff may open a dispute about, and what an owner may object to."""

SALES: Mapping[State, tuple[State, ...]] = {
    S.PRE_REGISTERED: (S.VISITED,),
    S.SUBSCRIBED: (S.VISITED, S.PRE_REGISTERED),
    S.SIGNED: (S.SUBSCRIBED,),
    S.PAID: (S.SIGNED,),
    S.CLOSED: (S.PAID,),
}
"""Stage of the sale -> the stages it may follow."""

ENDINGS: Mapping[State, tuple[State, ...]] = {
    S.LOST: (S.ACCEPTED, S.VISITED, S.PRE_REGISTERED, S.SUBSCRIBED),
    S.CANCELLED: (S.PRE_REGISTERED, S.SUBSCRIBED, S.SIGNED, S.PAID, S.CLOSED),
}
"""What staff may end a lead as -> from where."""


class Way(StrEnum):
    """How a lead began."""

    LINK = "link"
    INVITATION = "invitation"


class Buyer(StrEnum):
    """Who signs the contract, seen from the friend."""

    FRIEND = "friend"
    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    OTHER = "other"


class Seen(StrEnum):
    """How the project came to know a number."""

    VISIT = "visit"
    CALL = "call"
    AGENT = "agent"
    STAFF = "staff"


class FollowUp(StrEnum):
    """What counts as real follow-up: people met."""

    VISIT = "visit"
    VIEWING = "viewing"
    MEETING = "meeting"

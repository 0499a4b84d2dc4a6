"""The life of an order and of an item: the states, the ways and the steps between them."""

from enum import StrEnum


class Kind(StrEnum):
    """What an item is."""

    GIFT = "gift"
    VOUCHER = "voucher"
    OFFER = "offer"
    FEE = "fee"
    SERVICE = "service"


class Shown(StrEnum):
    """Whether owners see an item."""

    DRAFT = "draft"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How an item comes to its owner: fetched at the desk, or brought and booked by the staff."""

    COLLECT = "collect"
    DELIVER = "deliver"


class Period(StrEnum):
    """For how long a limit counts."""

    EVER = "ever"
    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"


class State(StrEnum):
    """Where an order stands."""

    RESERVED = "reserved"
    PLACED = "placed"
    READY = "ready"
    COLLECTED = "collected"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RETURNED = "returned"


LIVE = (State.RESERVED, State.PLACED, State.READY)
"""Stock, limit and points are held."""
DONE = (State.COLLECTED, State.DELIVERED, State.CLOSED)
"""The points are taken, the piece is gone."""
ENDED = (State.CANCELLED, State.EXPIRED)
"""Everything was given back before anything was taken."""


class Move(StrEnum):
    """Why the pieces on hand became more or fewer."""

    RECEIVED = "received"
    COUNTED = "counted"
    LOST = "lost"
    HANDED_OUT = "handed_out"
    RETURNED = "returned"


BY_HAND = (Move.RECEIVED, Move.COUNTED, Move.LOST)
"""What staff enter; the others are written with an order's step."""

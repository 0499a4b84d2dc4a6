"""With whom a month is settled, and how far a statement is."""

from enum import StrEnum


class Party(StrEnum):
    """Who gave what the points were taken for."""

    PARTNER = "partner"
    PROPERTY = "property"
    CLUB = "club"


class Stage(StrEnum):
    """How far a statement is: drawn up by one person, approved by another, paid."""

    DRAFT = "draft"
    APPROVED = "approved"
    PAID = "paid"

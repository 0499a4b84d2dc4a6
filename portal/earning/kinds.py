"""The words that rules are made of; the values are those of a rule's JSON."""

from enum import StrEnum


class BookState(StrEnum):
    """A rule book is a draft until it is published; then nobody changes it."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Effect(StrEnum):
    """What a rule does: give points, or take them for a breach."""

    EARN = "earn"
    FORFEIT = "forfeit"


class FormulaKind(StrEnum):
    """How a rule comes to its points."""

    FIXED = "fixed"
    PER_AMOUNT = "per_amount"
    BY_CATEGORY = "by_category"
    BANDS = "bands"
    LADDER = "ladder"
    ALL = "all"


class RoundingMode(StrEnum):
    """What becomes of a part that is not whole."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


class Per(StrEnum):
    """Whose points a limit counts."""

    MEMBER = "member"
    HOUSEHOLD = "household"
    UNIT = "unit"
    CLUB = "club"


class Period(StrEnum):
    """How long a limit counts before it begins anew, by the day of the event."""

    EVER = "ever"
    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class Comparison(StrEnum):
    """How a condition compares a field."""

    IS = "is"
    IN = "in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


class Same(StrEnum):
    """What the event that pending points wait for must have in common with their own."""

    SUBJECT = "subject"
    UNIT = "unit"
    MEMBER = "member"


class Outcome(StrEnum):
    """What a rule made of a fact."""

    POSTED = "posted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

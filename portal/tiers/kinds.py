"""The words of tiers: states, moves, windows, kinds of metrics and of benefits."""

from enum import StrEnum


class VersionState(StrEnum):
    """A draft is edited, proposed with a date, and published by a second person; then it stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    PUBLISHED = "published"


class OverrideState(StrEnum):
    """What became of a tier given by hand."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


class Move(StrEnum):
    """Why a row of the history stands there."""

    FIRST = "first"
    UP = "up"
    DOWN = "down"
    SECOND_CHANCE = "second_chance"
    KEPT = "kept"
    AT_RISK = "at_risk"
    SAFE_AGAIN = "safe_again"
    OVERRIDDEN = "overridden"
    OVERRIDE_ENDED = "override_ended"
    CARRIED_OVER = "carried_over"


class MetricKind(StrEnum):
    """What a metric measures."""

    POINTS = "points"
    SPEND = "spend"
    FACTS = "facts"
    UNITS = "units"
    AREA = "area"
    OWNER = "owner"
    TENURE = "tenure"
    ARREARS = "arrears"


class WindowKind(StrEnum):
    """Over which days a metric counts, in the club's time zone."""

    LIFETIME = "lifetime"
    ROLLING = "rolling"
    CALENDAR = "calendar"
    ANNIVERSARY = "anniversary"
    JOIN_MONTH = "join_month"


class Span(StrEnum):
    """The lengths of calendar windows."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class PeriodKind(StrEnum):
    """How long a tier is good for: calendar periods, or years from the day of joining."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    ANNIVERSARY = "anniversary"


class Measure(StrEnum):
    """What of facts is measured: how many, on how many days, their amounts, or the mean amount."""

    COUNT = "count"
    DAYS = "days"
    SUM = "sum"
    MEAN = "mean"


class Pool(StrEnum):
    """Whose figures count for a member: their own, or the whole household's."""

    MEMBER = "member"
    HOUSEHOLD = "household"


class When(StrEnum):
    """When a tier changes: the day on which it shows, or the first day of a period."""

    AT_ONCE = "at_once"
    PERIOD_START = "period_start"


class DownTo(StrEnum):
    """Where somebody falls who does not keep a tier."""

    ONE_STEP = "one_step"
    RIGHT_LEVEL = "right_level"


class TieRule(StrEnum):
    """Who of those with equal figures at the edge of a percentage is in."""

    ALL = "all"
    NONE = "none"
    LONGEST = "longest"


class BenefitKind(StrEnum):
    """What a benefit is."""

    DISCOUNT = "discount"
    PRIORITY = "priority"
    GIFT = "gift"
    SERVICE = "service"

"""Why each line of a ledger is there, in the reader's words: nothing moves without a reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.i18n import Text, format_day, gettext, lazy, localized
from portal.points.amounts import format_change, format_points
from portal.points.kinds import NEVER, Kind
from portal.points.models import Transaction
from portal.points.statement import Line
from portal.points.titles import ALWAYS, ERASED, KINDS, SOURCES, Facts, Source


@dataclass(frozen=True)
class Explanation:
    """A line for a reader: title, one short reason, the whole answer, and the change shown."""

    title: str
    short: str
    sentences: list[str]
    icon: str
    tone: str
    change: int
    part: str


_BY_HAND = {Kind.AWARD, Kind.DEDUCT}
_OWN_TITLE = {Kind.REVERSE, Kind.GIVE, Kind.RECEIVE, Kind.HOLD, Kind.VOID, *_BY_HAND}
_PARTS: dict[str, Text] = {
    "pending": lazy("pending"),
    "held": lazy("held"),
    "owed": lazy("owed"),
}


def explain(line: Line) -> Explanation:
    """Return what a line says to its owner: what happened, by which rule, what became of it."""
    row = line.row
    by_kind = KINDS[row.kind]
    source = SOURCES.get(row.source, by_kind)
    shown = by_kind if row.kind in _OWN_TITLE else source
    sentences = [
        sentence
        for sentence in (
            _origin(line),
            _facts(source, row.facts),
            _note(line),
            _rule(line),
            _days(line),
            str(ALWAYS.get(row.kind, "") if row.source != ERASED else ""),
            _part_sentence(line),
            _taken_back(line),
        )
        if sentence
    ]
    change, part = _change(line)
    return Explanation(
        title=_title(line, shown, source),
        short=sentences[0] if sentences else str(by_kind.title),
        sentences=sentences,
        icon=shown.icon,
        tone=shown.tone,
        change=change,
        part=str(_PARTS.get(part, "")),
    )


def _title(line: Line, shown: Source, source: Source) -> str:
    title = str(shown.title)
    if line.other:
        words = {
            Kind.GIVE: gettext("Given to %(name)s", name=line.other),
            Kind.RECEIVE: gettext("Received from %(name)s", name=line.other),
        }
        return str(words.get(Kind(line.row.kind), title))
    if line.row.kind == Kind.REVERSE and line.effect.available > 0:
        return str(gettext("Given back"))
    if line.row.kind in (Kind.HOLD, Kind.VOID) and source is not shown:
        return f"{source.title} · {title}"
    return title


def _change(line: Line) -> tuple[int, str]:
    """Return what to show: the change of the available points, else of the part that changed."""
    effect = line.effect
    if effect.available:
        return effect.available, "available"
    for part in ("pending", "held", "owed"):
        change = int(getattr(effect, part))
        if change:
            return change, part
    return 0, "available"


def _facts(source: Source, facts: Facts) -> str:
    if source.sentence is None:
        return ""
    try:
        return source.sentence(facts)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return ""


def _note(line: Line) -> str:
    return str(gettext("The club's reason: %(reason)s", reason=line.note) if line.note else "")


def title_of_rule(row: Transaction) -> str:
    """Return what the rule of a transaction was called when it decided; empty when unknown."""
    title = row.facts.get("title")
    return str(localized(title)) if row.rule and isinstance(title, Mapping) and title else ""


def _rule(line: Line) -> str:
    row = line.row
    if not row.rule:
        return ""
    title = title_of_rule(row) or (title_of_rule(line.origin) if line.origin else "")
    if title:
        return str(
            gettext(
                "By the rule “%(title)s” (%(rule)s, version %(version)s) of %(day)s.",
                title=title,
                rule=row.rule,
                version=row.rule_version or 1,
                day=format_day(row.business_date),
            )
        )
    return str(
        gettext(
            "Rule %(rule)s, version %(version)s, of %(day)s.",
            rule=row.rule,
            version=row.rule_version or 1,
            day=format_day(row.business_date),
        )
    )


def _origin(line: Line) -> str:
    if line.origin is None:
        return ""
    source = SOURCES.get(line.origin.source, KINDS[line.origin.kind])
    return str(
        gettext(
            "Takes back “%(title)s” of %(day)s.",
            title=source.title,
            day=format_day(line.origin.booked_on),
        )
    )


def _days(line: Line) -> str:
    kind, effect = line.row.kind, line.effect
    if effect.last_day is None or effect.first_day is None:
        return ""
    if kind == Kind.EXPIRE:
        return str(gettext("They were good until %(day)s.", day=format_day(effect.last_day)))
    if kind in (Kind.EARN, Kind.AWARD, Kind.MATURE, Kind.RECEIVE, Kind.CONVERTED, Kind.REINSTATE):
        if effect.last_day == NEVER:
            return str("" if effect.pending > 0 else gettext("These points do not expire."))
        return str(gettext("Good until %(day)s.", day=format_day(effect.last_day)))
    if kind in (Kind.SPEND, Kind.HOLD, Kind.GIVE):
        if effect.first_day == NEVER:
            return str(gettext("Points that expire first go first: here some that never do."))
        return str(
            gettext(
                "Points that expire first go first: here those good until %(day)s.",
                day=format_day(effect.first_day),
            )
        )
    return ""


def _part_sentence(line: Line) -> str:
    kind, effect = line.row.kind, line.effect
    if kind in (Kind.EARN, Kind.AWARD) and effect.pending > 0:
        return str(gettext("Pending: they become available when the condition is met."))
    if kind == Kind.HOLD:
        return str(gettext("They are yours until this is settled, and do not expire meanwhile."))
    if kind == Kind.CAPTURE and effect.available > 0:
        return str(gettext("What was not needed is available again."))
    if kind == Kind.REVERSE and effect.owed > 0:
        return str(
            gettext(
                "%(points)s were used already: points earned later pay them first.",
                points=format_points(effect.owed),
            )
        )
    if kind == Kind.REVERSE and effect.available > 0:
        return str(gettext("The points keep the last day that they had."))
    return ""


def title_of_line(row: Transaction) -> str:
    """Return what a transaction is called where only its row is known."""
    by_kind = KINDS[row.kind]
    shown = by_kind if row.kind in _OWN_TITLE else SOURCES.get(row.source, by_kind)
    return str(shown.title)


def title_of_source(row: Transaction) -> str:
    """Return what a transaction was for."""
    return str(SOURCES.get(row.source, KINDS[row.kind]).title)


def title_of_share(kind: str) -> str:
    """Return what the lines of a kind are called together."""
    return str(KINDS[kind].title)


def _taken_back(line: Line) -> str:
    if not line.reversed:
        return ""
    if line.reversed >= line.row.amount:
        return str(gettext("Taken back in full later."))
    return str(gettext("%(points)s taken back later.", points=format_change(line.reversed)[1:]))

"""Why a fact gave points, and why not: in the reader's language, with what would be needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.earning.checks import Problem
from portal.earning.kinds import Effect, FormulaKind, Outcome
from portal.earning.limits import begins_anew
from portal.earning.models import Decision
from portal.earning.words import (
    PERIODS,
    PERS,
    comparison_text,
    field_of,
    source_title,
    value_text,
)
from portal.facts.models import Fact
from portal.i18n import Text, format_day, gettext, lazy
from portal.points.amounts import format_points
from portal.points.sentences import SENTENCES

_REASONS: dict[str, Text] = {
    "nothing": lazy("The rule's formula comes to no points for this."),
    "withdrawn": lazy("What this was for has been withdrawn."),
    "nothing_there": lazy("There were no points to take."),
    "too_much": lazy("The rule comes to more points than one posting may hold."),
}
_BOOK_ERRORS: dict[str, Text] = {
    "draft_exists": lazy("A draft is being written already: go on with that one."),
    "not_a_draft": lazy("These rules are published or thrown away; load the page again."),
    "key_taken": lazy("Another rule has this key."),
    "too_many_rules": lazy("A book holds at most 200 rules."),
    "no_rules": lazy("Write a rule first."),
    "problems": lazy("Some rules cannot be published yet."),
    "in_the_past": lazy(
        "Rules begin today or later. For a day in the past, mark it as a correction."
    ),
    "not_proposed": lazy("Nobody proposes these rules any more; load the page again."),
    "proposed_anew": lazy("The rules were proposed anew since you read them; read them again."),
    "own_proposal": lazy("You proposed these rules yourself: a colleague publishes them."),
    "own_correction": lazy("You wrote in this draft: a correction is published by a colleague."),
    "note_needed": lazy("Say why the past is corrected."),
    "budget_given": lazy("A campaign has given more points already than its new budget holds."),
    "published_meanwhile": lazy("A colleague has just published rules; load the page again."),
}


@dataclass(frozen=True)
class Reason:
    """One sentence of why, and one of what would be needed (empty: nothing helps)."""

    why: str
    needed: str = ""


def book_error(code: str) -> str:
    """Say why a rule book is refused."""
    return str(_BOOK_ERRORS.get(code, code))


def reason_of(decision: Decision, fact: Fact) -> Reason:
    """Say why a rule gave nothing for a fact, and what would have been needed."""
    if decision.outcome == Outcome.POSTED:
        return Reason("")
    return explain_refusal(decision.reason, decision.details, fact.source, fact.business_date)


def explain_refusal(code: str, details: Mapping[str, Any], source: str, on: date) -> Reason:
    """Say what a code of refusal means for a fact of a source and day."""
    if code == "condition":
        return _condition(details["failures"], source)
    if code == "limit":
        return _limit(details, on)
    if code == "no_figure":
        field = field_of(source, details["field"])
        name = str(field.title) if field else _FIGURES.get(details["field"], details["field"])
        return Reason(gettext("Not known: %(field)s.", field=name))
    if details.get("words"):
        return Reason(" ".join(details["words"]))
    return Reason(str(_REASONS.get(code) or SENTENCES.get(code, code)))


_FIGURES: dict[str, Any] = {"unit": lazy("Home"), "amount": lazy("Amount")}


def _condition(failures: list[Mapping[str, Any]], source: str) -> Reason:
    either = str(gettext(" or "))
    needed = either.join(comparison_text(source, each) for each in failures)
    saw = dict.fromkeys(_saw(source, each) for each in failures)
    return Reason(
        gettext("The rule's condition was not met. %(saw)s", saw=" ".join(saw)),
        gettext("Needed: %(needed)s.", needed=needed),
    )


def _saw(source: str, failure: Mapping[str, Any]) -> str:
    field = field_of(source, failure["field"])
    title = field.title if field else failure["field"]
    if failure["saw"] in (None, []):
        return str(gettext("%(field)s: none.", field=title))
    return str(
        gettext("%(field)s: %(value)s.", field=title, value=value_text(field, failure["saw"]))
    )


def _limit(details: Mapping[str, Any], on: date) -> Reason:
    anew = begins_anew(details["period"], on)
    needed = (
        gettext("It counts anew from %(day)s.", day=format_day(anew))
        if anew
        else gettext("This limit does not begin anew.")
    )
    return Reason(gettext("The limit is reached: %(limit)s.", limit=limit_text(details)), needed)


def limit_text(limit: Mapping[str, Any]) -> str:
    """Return a limit as a phrase: "at most 1 time a day for each member"."""
    whose = {"period": PERIODS[limit["period"]], "whose": PERS[limit["per"]]}
    parts = []
    if limit.get("times"):
        parts.append(
            gettext("at most %(times)s %(period)s for %(whose)s", times=limit["times"], **whose)
        )
    if limit.get("points"):
        points = limit["points"]
        shown = points if isinstance(points, str) else format_points(points)
        parts.append(
            gettext("at most %(points)s points %(period)s for %(whose)s", points=shown, **whose)
        )
    return str(gettext(", ")).join(parts)


def amount_text(rule: Mapping[str, Any]) -> str:
    """Return what a rule gives as a phrase: "1 point for each 10,000 yuan"."""
    formula = rule["amount"]
    kind = formula["kind"]
    if kind == FormulaKind.ALL:
        return str(gettext("all points"))
    if kind == FormulaKind.FIXED:
        found = gettext("%(points)s points", points=formula["points"])
    elif kind == FormulaKind.PER_AMOUNT:
        found = gettext(
            "%(points)s for each %(divisor)s yuan",
            points=formula["points"],
            divisor=formula["divisor"],
        )
    elif kind == FormulaKind.LADDER:
        found = gettext(
            "%(points)s points by which time it is", points=" / ".join(formula["steps"])
        )
    elif kind == FormulaKind.BANDS:
        parts = [f"{_band(band)} {band['points']}" for band in formula["bands"]]
        found = gettext("points by bands: %(bands)s", bands=str(gettext(", ")).join(parts))
    else:
        parts = [
            f"{name} {rate['divisor']} = {rate['points']}"
            for name, rate in formula["rates"].items()
        ]
        found = gettext("points by category: %(rates)s", rates=str(gettext(", ")).join(parts))
    return str(found)


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return a rule as a sentence without its event: conditions, points, what multiplies and what
    limits them, and when they are there. Whoever publishes the rule reads it."""
    when = condition_words(rule["source"], rule["when"]) if rule.get("when") else ""
    parts = [gettext("if %(conditions)s", conditions=when)] if when else []
    if rule.get("effect") == Effect.FORFEIT:
        parts.append(gettext("takes %(amount)s", amount=amount_text(rule)))
    else:
        parts.append(amount_text(rule))
    parts += _factors(rule["amount"])
    parts += [limit_text(limit) for limit in rule.get("limits") or ()]
    if budget := rule.get("budget"):
        parts.append(
            gettext(
                "budget %(code)s: %(points)s points in all",
                code=budget["code"],
                points=budget["points"],
            )
        )
    if pending := rule.get("pending"):
        parts.append(_pending(pending))
    return " · ".join(str(part) for part in parts)


def _factors(formula: Mapping[str, Any]) -> list[str]:
    """Return what multiplies the points, each as a phrase."""
    found = []
    if by_tier := formula.get("times_by_tier"):
        factors = str(gettext(", ")).join(f"{tier} ×{times}" for tier, times in by_tier.items())
        found.append(str(gettext("by tier: %(factors)s", factors=factors)))
    for campaign in formula.get("campaigns") or ():
        found.append(
            str(
                gettext(
                    "×%(times)s from %(since)s to %(until)s",
                    times=campaign["times"],
                    since=format_day(date.fromisoformat(campaign["from"])),
                    until=format_day(date.fromisoformat(campaign["until"])),
                )
            )
        )
    return found


def _pending(pending: Mapping[str, Any]) -> str:
    """Return when points are there that wait, as a phrase."""
    if "days" in pending:
        return str(gettext("available %(days)s days after the event", days=pending["days"]))
    event = str(source_title(pending["until"]))
    if "percent" in pending:
        event = f"{event} ({pending['percent']} %)"
    return str(gettext("available with: %(event)s", event=event))


def condition_words(
    source: str, condition: Mapping[str, Any], *, negated: bool = False, inner: bool = False
) -> str:
    """Return a condition as a phrase; what belongs together within another stands in brackets."""
    if "not" in condition:
        return condition_words(source, condition["not"], negated=not negated, inner=inner)
    if "field" in condition:
        return comparison_text(source, {**condition, "negated": negated})
    together = ("all" in condition) != negated
    parts = condition.get("all") or condition.get("any") or ()
    words = [condition_words(source, part, negated=negated, inner=True) for part in parts]
    found = ("; " if together else str(gettext(" or "))).join(words)
    return f"({found})" if inner and len(words) > 1 else found


def problem_text(problem: Problem, source: str) -> str:
    """Say what keeps a rule from being published."""
    details = problem.details
    if problem.code == "never_holds":
        clash = [comparison_text(source, each) for each in details["clash"]]
        if len(clash) == 1:
            return str(gettext("This can never hold: %(one)s.", one=clash[0]))
        return str(
            gettext(
                "These two can never hold at once: %(one)s; %(two)s.", one=clash[0], two=clash[1]
            )
        )
    if problem.code.startswith("bands_"):
        words = {"one": _band(details["one"]), "other": _band(details["other"])}
        return str(_BANDS[problem.code] % words)
    if problem.code == "unknown_word":
        return str(
            gettext(
                "“%(value)s” is not possible here; allowed: %(allowed)s.",
                value=details["value"],
                allowed=", ".join(details["allowed"]),
            )
        )
    if problem.code == "form":
        return "; ".join(_paths(details["messages"]))
    return str(_PROBLEMS[problem.code] % dict(details))


_BANDS = {
    "bands_overlap": lazy("The bands %(one)s and %(other)s overlap."),
    "bands_gap": lazy("Between the bands %(one)s and %(other)s is a gap."),
    "bands_empty": lazy("The band %(one)s ends before it begins."),
}
_PROBLEMS = {
    "unknown_source": lazy("Nothing tells of “%(source)s” any more: its plugin is not installed."),
    "unknown_field": lazy("A rule on this event cannot read “%(field)s”."),
    "not_a_number": lazy("“%(field)s” compares with numbers; “%(value)s” is none."),
    "no_size": lazy("“%(field)s” has no size: compare it with “is” or “is one of”."),
    "no_figure": lazy("This event has no figure “%(field)s” to reckon with."),
    "too_many_ways": lazy("The condition has too many alternatives: make two rules of it."),
    "budgets_differ": lazy("The budget “%(code)s” is of another size in the rule “%(other)s”."),
}


def _band(band: Mapping[str, Any]) -> str:
    if not band:
        return ""
    return f"[{band['from']}, {band.get('below') or '∞'})"


def _paths(messages: Any, path: str = "") -> list[str]:
    if isinstance(messages, Mapping):
        return [
            text
            for key, each in messages.items()
            for text in _paths(each, f"{path}.{key}" if path else str(key))
        ]
    return [f"{path}: {' '.join(str(each) for each in messages)}"]

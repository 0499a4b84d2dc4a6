"""Bringing a club in from a file: all of it, or nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal import clock
from portal.accounts.models import Account
from portal.club.queries import current_club
from portal.club_file.errors import ClubFileError, Fault
from portal.club_file.writing import currencies, document_on, rules_of, rules_on
from portal.earning import drafting, publishing
from portal.earning.drafting import BookError
from portal.earning.schema import load_rule
from portal.earning.sentences import book_error, problem_text
from portal.extensions import db
from portal.points import policies
from portal.points.accounts import ensure_currencies
from portal.points.errors import PointsError
from portal.tiers import schema as tiers_schema
from portal.tiers import service as tiers
from portal.tiers.errors import TierError

_REASON = "club file"
_KEYED = ("currencies", "schemes", "rules")


@dataclass(frozen=True)
class Change:
    """What the file changes at one path; None: it is not there before, or not after."""

    path: str
    before: Any
    after: Any


def bring_in(
    *, actor: Account | None, document: Mapping[str, Any], begins_on: date | None = None
) -> list[Change]:
    """Put a checked document in force from a day on (today); return what it changed.

    Parts that the file leaves out stay. Schemes that it does not name stay, too; its list of rules
    is the whole list. Raises ClubFileError; the caller rolls back then.
    """
    today = clock.business_date(current_club().time_zone)
    begins_on = begins_on or today
    if begins_on < today:
        raise ClubFileError([Fault("", begins_on.isoformat(), "It begins today at the earliest.")])
    ensure_currencies()
    before = document_on(begins_on)
    for part, bring in _PARTS:
        if part in document:
            bring(actor, document[part], begins_on)
    db.session.flush()
    return list(_differences(_by_key(before), _by_key(document_on(begins_on))))


def _currencies(actor: Account | None, wanted: list[dict[str, Any]], begins_on: date) -> None:
    own = {each.key: each for each in currencies()}
    today = clock.business_date(current_club().time_zone)
    for place, each in enumerate(wanted):
        currency = own[each["key"]]
        kept = rules_of(currency, begins_on)
        rules = {**kept, **{name: value for name, value in each.items() if name != "key"}}
        if rules == kept:
            continue
        try:
            policies.plan(
                actor=actor,
                currency=currency,
                rules=rules,
                valid_from=begins_on,
                reason=_REASON,
                today=today,
            )
        except PointsError as error:
            raise ClubFileError([Fault(f"currencies.{place}", each, error.code)]) from error


def _schemes(actor: Account | None, wanted: list[dict[str, Any]], begins_on: date) -> None:
    kept = {each["key"]: each for each in document_on(begins_on)["schemes"]}
    for place, each in enumerate(wanted):
        path = f"schemes.{place}"
        written = tiers_schema.dump(tiers_schema.load(each["terms"]))
        if {**each, "terms": written} == kept.get(each["key"]):
            continue
        try:
            tiers.install(
                key=each["key"],
                name=each.get("name") or {},
                form=each["terms"],
                begins_on=begins_on,
                is_club=each["is_club"],
                actor=actor,
            )
        except TierError as error:
            raise ClubFileError(_tier_faults(f"{path}.terms", each["key"], error)) from error


def _rules(actor: Account | None, wanted: list[dict[str, Any]], begins_on: date) -> None:
    rules = sorted((load_rule(each) for each in wanted), key=lambda rule: str(rule["key"]))
    if rules == rules_on(begins_on):
        return
    try:
        draft = drafting.start_draft(actor=actor)
        for old in drafting.rules_of(draft):
            drafting.remove_rule(actor=actor, draft=draft, key=old.key)
        for rule in rules:
            drafting.save_rule(actor=actor, draft=draft, definition=rule)
        publishing.install(actor=actor, draft=draft, begins_on=begins_on, note=_REASON)
    except BookError as error:
        raise ClubFileError(_rule_faults(wanted, error)) from error


def _tier_faults(path: str, key: str, error: TierError) -> list[Fault]:
    faults: Any = error.values.get("faults", ())
    found = [
        Fault(
            path,
            ", ".join((*fault.tiers, fault.metric)).strip(", "),
            _told(fault.code, fault.values),
        )
        for fault in faults
    ]
    return found or [Fault(path, key, error.code)]


def _rule_faults(wanted: list[dict[str, Any]], error: BookError) -> list[Fault]:
    places = {each["key"]: place for place, each in enumerate(wanted)}
    found = []
    for problem in error.problems:
        place = places[problem.rule]
        found.append(
            Fault(
                f"rules.{place}", problem.rule, problem_text(problem, str(wanted[place]["source"]))
            )
        )
    return found or [Fault("rules", len(wanted), book_error(error.code))]


_PARTS: tuple[tuple[str, Callable[[Account | None, list[dict[str, Any]], date], None]], ...] = (
    ("currencies", _currencies),
    ("schemes", _schemes),
    ("rules", _rules),
)


def _told(code: str, values: Mapping[str, Any]) -> str:
    """Return a fault's code with its figures, for who runs the server."""
    figures = ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
    return f"{code} ({figures})" if figures else code


def _by_key(document: Mapping[str, Any]) -> dict[str, Any]:
    """Name the things in lists by their keys, so that they are compared with themselves."""
    return {part: {each["key"]: each for each in document[part]} for part in _KEYED}


def _differences(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}".strip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{path}.{place}")
    elif before != after:
        yield Change(path, before, after)

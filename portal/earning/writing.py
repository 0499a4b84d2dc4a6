"""Between the form of a rule and its JSON, both ways."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from portal.earning.forms import CONDITIONS, LIMITS, MOST_ROWS, MOST_WAYS, WAYS, RuleForm
from portal.earning.kinds import Comparison, FormulaKind
from portal.earning.possible import Wanted, ways
from portal.earning.schema import load_rule
from portal.i18n import gettext

_COLON = re.compile(r"[:：]")
_BY_KIND: dict[str, tuple[str, ...]] = {
    FormulaKind.FIXED: ("points",),
    FormulaKind.PER_AMOUNT: ("points", "divisor"),
    FormulaKind.BY_CATEGORY: ("rates",),
    FormulaKind.BANDS: ("bands",),
    FormulaKind.LADDER: ("steps",),
    FormulaKind.ALL: (),
}
_FIELDS = {
    "amount.points": "points",
    "amount.divisor": "divisor",
    "amount.rates": "rates",
    "amount.bands": "bands",
    "amount.steps": "steps",
    "amount.times_by_tier": "tiers",
    "amount.campaigns": "campaigns",
    "amount": "kind",
    "when": "ways",
    "limits": "limits",
    "budget.code": "budget_code",
    "budget": "budget_points",
    "pending.days": "pending_days",
    "pending": "pending",
    "title": "title_zh",
    "to": "to",
    "key": "key",
    "effect": "effect",
}


class TypedError(ValueError):
    """A line that cannot be read; `field` of the form, `line` as it was typed."""

    def __init__(self, field: str, line: str) -> None:
        super().__init__(line)
        self.field = field
        self.line = line


def definition_of(form: RuleForm, kept: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return the rule that a valid form tells of; None after putting errors beside its fields.

    `kept`: the condition that the rule has, which stays as it is where nothing else was typed and
    where the form cannot show it.
    """
    try:
        return load_rule(_typed(form, kept))
    except TypedError as error:
        field = form[error.field]
        said = gettext("This line cannot be read: %(line)s", line=error.line or "—")
        field.errors = [*field.errors, said]
    except ValidationError as error:
        _put(form, error.messages)
    return None


def _typed(form: RuleForm, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    titles = {"zh_Hans_CN": form.title_zh, "zh_Hant": form.title_hant, "en": form.title_en}
    found: dict[str, Any] = {
        "key": form.key.data,
        "title": {key: field.data for key, field in titles.items() if field.data},
        "source": form.source.data,
        "effect": form.effect.data,
        "amount": _amount(form),
        "to": form.to.data,
        "limits": [
            _limit(row.form) for row in form.limits if row.form.times.data or row.form.points.data
        ],
    }
    condition = _condition(form, kept)
    if condition:
        found["when"] = condition
    if form.budget_code.data or form.budget_points.data:
        found["budget"] = {"code": form.budget_code.data, "points": form.budget_points.data}
    if form.pending.data == "days":
        found["pending"] = {"days": form.pending_days.data or 0}
    elif form.pending.data == "until":
        found["pending"] = {"until": form.pending_until.data, "same": form.pending_same.data}
        if form.pending_percent.data:
            found["pending"]["percent"] = form.pending_percent.data
    return found


def _amount(form: RuleForm) -> dict[str, Any]:
    kind = form.kind.data
    found: dict[str, Any] = {"kind": kind, "rounding": form.rounding.data or "floor"}
    for name in _BY_KIND[kind]:
        read = {"rates": _rates, "bands": _bands, "steps": _steps}.get(name)
        text = form[name].data or ""
        found[name] = read(text) if read else text
    if form.tiers.data:
        found["times_by_tier"] = dict(_pair("tiers", line) for line in _lines(form.tiers.data))
    if form.campaigns.data:
        found["campaigns"] = [_campaign(line) for line in _lines(form.campaigns.data)]
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pair(field: str, line: str) -> tuple[str, str]:
    parts = _COLON.split(line, maxsplit=1)
    if len(parts) != 2:
        raise TypedError(field, line)
    return parts[0].strip(), parts[1].strip()


def _rates(text: str) -> dict[str, Any]:
    found = {}
    for line in _lines(text):
        category, rate = _pair("rates", line)
        divisor, equals, points = rate.partition("=")
        if not equals:
            raise TypedError("rates", line)
        found[category] = {"divisor": divisor.strip(), "points": points.strip()}
    return found


def _bands(text: str) -> list[dict[str, Any]]:
    found = []
    for line in _lines(text):
        ends, points = _pair("bands", line)
        begin, dash, end = ends.partition("-")
        if not dash:
            raise TypedError("bands", line)
        found.append({"from": begin.strip(), "below": end.strip() or None, "points": points})
    return found


def _steps(text: str) -> list[str]:
    return [step for step in re.split(r"[\s,，、]+", text) if step]


def _campaign(line: str) -> dict[str, str]:
    days, times = _pair("campaigns", line)
    begin, dots, end = days.partition("..")
    if not dots:
        raise TypedError("campaigns", line)
    return {"from": begin.strip(), "until": end.strip(), "times": times}


def _condition(form: RuleForm, kept: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return what the ways of a form ask for: one of them is enough."""
    typed = [parts for way in form.ways if (parts := _way(way.form))]
    before = ways_of(kept)
    if before is None or typed == [[_as_typed(part) for part in way] for way in before]:
        return kept
    found = [parts[0] if len(parts) == 1 else {"all": parts} for parts in typed]
    if not found:
        return None
    return found[0] if len(found) == 1 else {"any": found}


def _as_typed(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison as it comes back from the form: every figure as text."""
    told = part.get("not", part)
    value = told["value"]
    text = [str(each) for each in value] if isinstance(value, list) else str(value)
    typed = {**told, "value": text}
    return {"not": typed} if "not" in part else typed


def _way(way: Any) -> list[dict[str, Any]]:
    parts = []
    for row in way.conditions:
        if not row.form.field.data:
            continue
        value: Any = row.form.value.data or ""
        if row.form.op.data == Comparison.IN:
            value = [each for part in re.split(r"[,，、]", value) if (each := part.strip())]
        part = {"field": row.form.field.data, "op": row.form.op.data, "value": value}
        parts.append({"not": part} if row.form.negated.data else part)
    return parts


def _limit(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"per": row.per.data, "period": row.period.data}
    if row.times.data:
        found["times"] = row.times.data
    if row.points.data:
        found["points"] = row.points.data
    return found


def ways_of(condition: Mapping[str, Any] | None) -> list[list[Mapping[str, Any]]] | None:
    """Return a condition, however deep, as the form shows it: ways, of which one must hold, each
    of comparisons that all must; they mean the same. None: there are more than fit."""
    if not condition:
        return []
    found = list(itertools.islice(ways(condition), MOST_WAYS + 1))
    if len(found) > MOST_WAYS or any(len(way) > MOST_ROWS for way in found):
        return None
    return [[_comparison(wanted) for wanted in way] for way in found]


def _comparison(wanted: Wanted) -> Mapping[str, Any]:
    told = {"field": wanted.field, "op": wanted.op, "value": wanted.value}
    return {"not": told} if wanted.negated else told


def form_data(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a rule."""
    amount, pending = rule["amount"], rule.get("pending") or {}
    budget = rule.get("budget") or {}
    return {
        "key": rule["key"],
        "title_zh": rule["title"].get("zh_Hans_CN", ""),
        "title_hant": rule["title"].get("zh_Hant", ""),
        "title_en": rule["title"].get("en", ""),
        "source": rule["source"],
        "effect": rule.get("effect", "earn"),
        "ways": _shown_ways(ways_of(rule.get("when")) or []),
        "kind": amount["kind"],
        "points": amount.get("points", ""),
        "divisor": amount.get("divisor", ""),
        "rounding": amount.get("rounding", "floor"),
        "rates": "\n".join(
            f"{category}: {rate['divisor']} = {rate['points']}"
            for category, rate in (amount.get("rates") or {}).items()
        ),
        "bands": "\n".join(
            f"{band['from']}-{band.get('below') or ''}: {band['points']}"
            for band in amount.get("bands") or ()
        ),
        "steps": ", ".join(amount.get("steps") or ()),
        "tiers": "\n".join(f"{k}: {v}" for k, v in (amount.get("times_by_tier") or {}).items()),
        "campaigns": "\n".join(
            f"{each['from']}..{each['until']}: {each['times']}"
            for each in amount.get("campaigns") or ()
        ),
        "to": list(rule["to"]),
        "limits": [*(rule.get("limits") or ()), *({} for _ in range(LIMITS))][
            : max(LIMITS, len(rule.get("limits") or ()))
        ],
        "budget_code": budget.get("code", ""),
        "budget_points": budget.get("points", ""),
        "pending": "days" if "days" in pending else "until" if "until" in pending else "",
        "pending_days": pending.get("days"),
        "pending_until": pending.get("until", ""),
        "pending_same": pending.get("same", "subject"),
        "pending_percent": pending.get("percent"),
    }


def _shown_ways(ways: list[list[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the ways with an empty line in each, and an empty way after them."""
    shown = [[_shown(part) for part in way] for way in ways]
    shown += [[] for _ in range(max(WAYS - len(shown), 1)) if len(shown) < MOST_WAYS]
    return [
        {"conditions": [*rows, *({} for _ in range(max(CONDITIONS - len(rows), 1)))][:MOST_ROWS]}
        for rows in shown
    ]


def _shown(part: Mapping[str, Any]) -> dict[str, Any]:
    told = part.get("not", part)
    value = told["value"]
    return {
        "field": told["field"],
        "op": told["op"],
        "negated": "not" in part,
        "value": ", ".join(map(str, value)) if isinstance(value, list) else str(value),
    }


def _put(form: RuleForm, messages: Any, path: str = "") -> None:
    """Put the schema's messages beside the fields that they are about."""
    if isinstance(messages, Mapping):
        for key, each in messages.items():
            _put(form, each, f"{path}.{key}" if path else str(key))
        return
    parts = path.split(".")
    name = next(
        (_FIELDS[".".join(parts[:n])] for n in (2, 1) if ".".join(parts[:n]) in _FIELDS), "key"
    )
    field = form[name]
    said = gettext("This is not possible here: check what you typed.")
    if said not in field.errors:
        field.errors = [*field.errors, said]

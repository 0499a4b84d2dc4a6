"""A version of the rules between a program and the pages' form: the same rules for both."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from plugins.referrals.forms import NUMBERS, RulesForm
from plugins.referrals.measures.forms import UNITS, show_bands, shown
from plugins.referrals.models import Campaign
from plugins.referrals.models.rewards import Kind, Measure, RewardLine
from plugins.referrals.rules import Draft
from portal.sdk import ProjectRef, api_form

_SAME = (
    "stage", "beneficiary", "kind", "measure", "amount", "most", "from_on", "until_on", "from_nth",
    "to_nth", "tiers", "buildings", "at_once",
)  # fmt: skip


def read_draft(project: ProjectRef, body: Mapping[str, Any]) -> Draft:
    """Return the draft that a program sent. Raises the 422 that names its fields."""
    same = ("title", "promise", "protection_days", "kin", *NUMBERS)
    values: dict[str, Any] = {key: body.get(key) for key in same}
    for name in ("starts_at", "ends_at"):
        values[name] = _local(body.get(name), project)
    for name, kind in (
        ("cap_points", Kind.POINTS), ("cap_cash", Kind.CASH), ("month_fee", Kind.CASH)
    ):  # fmt: skip
        values[name] = None if body.get(name) is None else shown(kind, body[name])
    values["shares"] = ":".join(str(each) for each in body.get("shares") or ())
    for place, line in enumerate(body["lines"]):
        values |= {f"lines-{place}-{key}": each for key, each in _typed(line).items()}
    form: RulesForm = api_form(RulesForm, values)
    return form.draft(project)


def show_rules(found: Campaign, lines: Sequence[RewardLine]) -> dict[str, Any]:
    """Return a version as programs get it."""
    same = (
        "version", "title", "promise", "starts_at", "ends_at", "protection_days", "kin",
        "cap_points", "cap_cash", "month_fee", "shares", *NUMBERS,
    )  # fmt: skip
    return {
        "id": found.public_id,
        **{key: getattr(found, key) for key in same},
        "lines": [_line(line) for line in lines],
    }


def _line(line: RewardLine) -> dict[str, Any]:
    bands = [{"price": price, "amount": amount} for price, amount in line.bands]
    told = {key: getattr(line, key) for key in _SAME} | {"bands": bands}
    return told | ({"amount": None} if line.measure == Measure.BANDS else {})


def _typed(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line as somebody would type it."""
    kind, measure = Kind(line["kind"]), Measure(line.get("measure") or Measure.FIXED)
    typed = {key: line.get(key) for key in _SAME} | {"measure": measure}
    if line.get("amount") is not None:
        fixed = measure == Measure.FIXED
        typed["amount"] = shown(kind, line["amount"]) if fixed else Decimal(line["amount"]) / 100
    if line.get("most") is not None:
        typed["most"] = shown(kind, line["most"])
    if line.get("bands"):
        pairs = [[each["price"], each["amount"]] for each in line["bands"]]
        typed["bands"] = show_bands(pairs, UNITS[Kind.CASH], UNITS[kind])
    for name in ("tiers", "buildings"):
        typed[name] = ", ".join(line.get(name) or ())
    return typed


def _local(moment: datetime | None, project: ProjectRef) -> str | None:
    """Return a moment as it is typed; what the form refuses anyway as it came."""
    if moment is None:
        return None
    if 2000 <= moment.year <= 2100:
        moment = moment.astimezone(ZoneInfo(project.time_zone))
    return moment.replace(tzinfo=None, microsecond=0).isoformat()

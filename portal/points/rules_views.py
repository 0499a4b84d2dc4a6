"""The rules of the club's currencies for administrators: what applies, and from when."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.accounts.models import Account
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import format_day, gettext, lazy, ngettext
from portal.points import finance, policies, policy
from portal.points.amounts import format_points
from portal.points.blueprint import blueprint
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, CurrencyKind
from portal.points.models import Currency, Policy
from portal.points.policy import Rules
from portal.points.sentences import sentence
from portal.points.staff_forms import RulesForm, form_of

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
EXAMPLE = 1_000_000
"""Milli-points of the example that a preview reckons with."""
_EXPIRY = ("expiry_months", "expiry_rounding", "expiry_day", "december_carry", "activity_extends",
           "decay_parts", "reinstate_days")  # fmt: skip
_FIELDS = {
    "qualifying_is_plain": "decay_parts",
    "extends_or_decays": "activity_extends",
    "bonus_of_itself": "spend_order",
    "retroactive": "valid_from",
    "reason_needed": "reason",
}


@dataclass(frozen=True)
class Sample:
    """A day on which 1,000 points are given, and what becomes of them under two versions."""

    day: date
    before: str
    after: str


@blueprint.get("/centre/points/rules")
@requires("points.rules")
def rules_index() -> str:
    """Show the club's currencies and what applies to each."""
    return render_template(
        "points/rules.html", currencies=finance.currencies(), told=told_expiry, never=NEVER
    )


@blueprint.post("/centre/points/rules")
@requires("points.rules")
def rules_begin() -> Response:
    """Make the club's currencies before the first points come."""
    policies.begin(actor=current_account())
    db.session.commit()
    return redirect(url_for("points.rules_index"), 303)


@blueprint.get("/centre/points/rules/<name>")
@requires("points.rules")
def rules_show(name: str) -> str:
    """Show the rules of a currency, its versions, and the form of the next one."""
    currency = _currency(name)
    return _show(currency, form_of(_newest(currency), _today()))


@blueprint.post("/centre/points/rules/<name>")
@requires("points.rules")
def rules_plan(name: str) -> Page:
    """Preview a version, or let it apply from its day on."""
    currency, form = _currency(name), RulesForm()
    if not form.validate():
        return _show(currency, form), 422
    rules, valid_from = form.rules(), form.valid_from.data or _today()
    if request.form.get("act") == "preview":
        return _show(currency, form, _samples(currency, rules, valid_from))
    try:
        made = policies.plan(
            actor=current_account(),
            currency=currency,
            rules=rules,
            valid_from=valid_from,
            reason=form.reason.data or "",
            today=_today(),
        )
    except PointsError as error:
        db.session.rollback()
        form[_FIELDS[error.code]].errors = [sentence(error)]
        return _show(_currency(name), form), 422
    day = made.valid_from
    db.session.commit()
    flash(gettext("The rules apply from %(day)s on.", day=format_day(day)))
    return redirect(url_for("points.rules_show", name=name), 303)


def told_expiry(rules: Any) -> str:
    """Return how points of a version end, in a sentence."""
    if rules.expiry_months is None:
        return str(gettext("They do not expire."))
    parts = [ngettext("They last %(num)s month", "They last %(num)s months", rules.expiry_months)]
    if rules.expiry_day:
        parts.append(
            gettext(
                "until the next %(day)s",
                day=f"{rules.expiry_day // 100:02}-{rules.expiry_day % 100:02}",
            )
        )
    elif rules.expiry_rounding != "day":
        parts.append(str(_ENDS[rules.expiry_rounding]))
    extras = [
        text
        for text, holds in (
            (gettext("what is earned in December counts as of January"), rules.december_carry),
            (gettext("activity makes them last longer"), rules.activity_extends),
            (gettext("they go in %(count)s parts", count=rules.decay_parts), rules.decay_parts > 1),
        )
        if holds
    ]
    listed = gettext("; ").join([gettext(", ").join(parts), *extras])
    return str(listed + gettext("."))


_ENDS = {
    "month": lazy("to the end of the month"),
    "quarter": lazy("to the end of the quarter"),
    "year": lazy("to the end of the year"),
}


def _samples(currency: Currency, rules: dict[str, Any], day: date) -> list[Sample]:
    """Return what becomes of points given on the first day, a month later, and in December."""
    later = date(day.year + day.month // 12, day.month % 12 + 1, min(day.day, 28))
    december = date(day.year + (day > date(day.year, 12, 10)), 12, 10)
    before = Rules(**{name: getattr(currency, name) for name in _EXPIRY})
    after = Rules(**{name: rules[name] for name in _EXPIRY})
    days = (day, later, december)
    return [Sample(each, _told(before, each), _told(after, each)) for each in days]


def _told(rules: Rules, day: date) -> str:
    days = policy.last_days(rules, day)
    if days == [NEVER]:
        return str(gettext("%(points)s for ever", points=format_points(EXAMPLE)))
    part = format_points(EXAMPLE // len(days))
    texts = [gettext("%(points)s until %(day)s", points=part, day=format_day(end)) for end in days]
    return str(gettext(", ").join(texts))


def _show(currency: Currency, form: RulesForm, samples: list[Sample] | None = None) -> str:
    found = policies.versions(currency.id)
    return render_template(
        "points/rules_show.html",
        currency=currency,
        form=form,
        versions=found,
        makers=_makers(found),
        in_force=policies.in_force(found, _today()),
        samples=samples,
        told=told_expiry,
        today=_today(),
        plain=currency.kind == CurrencyKind.QUALIFYING,
        redeemable=currency.kind == CurrencyKind.REDEEMABLE,
    )


def _currency(name: str) -> Currency:
    found = db.session.scalar(sa.select(Currency).where(Currency.key == name))
    if found is None:
        raise NotFound
    return found


def _newest(currency: Currency) -> Currency | Policy:
    """Return the version that the form begins with: the last one, planned or in force."""
    found = policies.versions(currency.id)
    return found[0] if found else currency


def _makers(found: list[Policy]) -> dict[int, str]:
    ids = {version.made_by_id for version in found if version.made_by_id}
    rows = db.session.scalars(sa.select(Account).where(Account.id.in_(ids))) if ids else ()
    return {account.id: account.display_name or gettext("Staff") for account in rows}


def _today() -> date:
    return clock.business_date(current_club().time_zone)

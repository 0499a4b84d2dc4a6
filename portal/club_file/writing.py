"""What a club says on a day, as the document that a file holds."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.club_file.schema import FORMAT, VERSION
from portal.earning.books import book_on
from portal.extensions import db
from portal.points import policies
from portal.points.kinds import CurrencyKind
from portal.points.models import Currency
from portal.points.models.currencies import RULE_FIELDS
from portal.tiers import schema as tiers_schema
from portal.tiers.versions import in_force


def document_on(day: date) -> dict[str, Any]:
    """Return the whole document of what is in force on a day."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "currencies": [_currency(each, day) for each in currencies()],
        "schemes": [
            {
                "key": each.key,
                "name": dict(each.name),
                "is_club": each.is_club,
                "terms": tiers_schema.dump(each.terms),
            }
            for each in in_force(day)
        ],
        "rules": rules_on(day),
    }


def rules_on(day: date) -> list[dict[str, Any]]:
    """Return the earning rules in force on a day, by their keys."""
    found = (rule for rules in book_on(day).rules.values() for rule in rules)
    return sorted((dict(rule) for rule in found), key=lambda rule: str(rule["key"]))


def currencies() -> list[Currency]:
    """Return the club's currencies in a steady order."""
    order = list(CurrencyKind)
    found = db.session.scalars(sa.select(Currency)).all()
    return sorted(found, key=lambda each: order.index(CurrencyKind(each.kind)))


def rules_of(currency: Currency, day: date) -> dict[str, Any]:
    """Return what a currency's version of a day says, by RULE_FIELDS."""
    version = policies.in_force(policies.versions(currency.id), day) or currency
    return {name: getattr(version, name) for name in RULE_FIELDS}


def _currency(currency: Currency, day: date) -> dict[str, Any]:
    found = rules_of(currency, day)
    return {"key": currency.key, **found, "name": dict(found["name"])}

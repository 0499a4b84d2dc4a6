"""The words for values that the database keeps as codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from portal.i18n import Text, lazy

_PLUGINS = "portal.audit_words"


@dataclass(frozen=True)
class AuditWord:
    """A plugin's word of the audit trail.

    `key`: an act ("library.lent") or a kind of subject ("library_loan"); `page`: the endpoint that
    shows such a subject, which takes its public id and nothing else beside the project.
    """

    key: str
    title: Text
    page: str = ""


ROLE_TITLES: dict[str, Text] = {
    "owner": lazy("Owner"),
    "co_owner": lazy("Co-owner"),
    "spouse": lazy("Spouse"),
    "tenant": lazy("Tenant"),
}
TITLES: dict[str, dict[str, Text]] = {
    "claim_state": {
        "pending": lazy("In review"),
        "needs_more": lazy("More needed"),
        "disputed": lazy("Being checked"),
        "approved": lazy("Verified"),
        "refused": lazy("Not verified"),
        "withdrawn": lazy("Withdrawn"),
    },
    "contract_state": {
        "draft": lazy("Draft"),
        "signed": lazy("Signed"),
        "handed_over": lazy("Handed over to the buyer"),
        "cancelled": lazy("Cancelled"),
    },
    "fee_category": {
        "management": lazy("Property management"),
        "parking": lazy("Parking space"),
        "water": lazy("Water"),
        "heating": lazy("Heating"),
        "other": lazy("Other"),
    },
    "relation": {
        "spouse": lazy("Spouse"),
        "child": lazy("Child"),
        "parent": lazy("Parent"),
        "other": lazy("Family"),
    },
    "salutation": {"none": lazy("No title"), "ms": lazy("Ms"), "mr": lazy("Mr")},
    "legal_text": {"terms": lazy("Terms of membership"), "privacy": lazy("Privacy notice")},
    "audit_actor": {
        "you": lazy("You yourself"),
        "staff": lazy("Club staff"),
        "system": lazy("The system"),
    },
    "end_reason": {
        "sale": lazy("Sold"),
        "death": lazy("Death"),
        "divorce": lazy("Divorce"),
        "mistake": lazy("Mistaken claim"),
        "moved_out": lazy("Moved out"),
        "left_club": lazy("Left the club"),
    },
    "claim_reason": {
        "roster_match": lazy("Name and phone match the roster"),
        "proof_good": lazy("The proof is good"),
        "phone_changed": lazy("The phone has changed, proof and name agree"),
        "proof_unreadable": lazy("The photo cannot be read"),
        "name_differs": lazy("The name differs from the register"),
        "unit_unknown": lazy("This home is not in the register"),
        "not_entitled": lazy("The proof does not show a right to this home"),
        "owner_exists": lazy("The home already has a verified owner"),
        "submitted": lazy("Submitted"),
        "added_proof": lazy("Proof added"),
        "withdrawn": lazy("Withdrawn"),
        "other": lazy("Other"),
    },
}


def role_title(role: str) -> Text:
    """Return the word for what a member is to a home."""
    return ROLE_TITLES[role]


def title_of(kind: str, value: str) -> Text:
    """Return the word for a coded value of `kind`."""
    return TITLES[kind][value]


def find_title(kind: str, value: str) -> Text | None:
    """Return the word for a coded value, of a plugin's audit words too; None without one."""
    if kind == "role":
        return ROLE_TITLES.get(value)
    known = TITLES.get(kind, {}).get(value)
    if known is None and kind in ("audit_action", "audit_subject"):
        return next((word.title for word in _plugin_words().values() if word.key == value), None)
    return known


def add_audit_words(app: Flask, plugin: str, words: Iterable[AuditWord]) -> None:
    """Let the audit trail show what a plugin records in its words."""
    kept = app.extensions.setdefault(_PLUGINS, {})
    kept.update({(plugin, word.key): word for word in words})


def audit_word(action: str, key: str) -> AuditWord | None:
    """Return the word for an act or a kind of subject of the plugin whose act `action` is."""
    return _plugin_words().get((action.partition(".")[0], key))


def plugin_acts() -> dict[str, Text]:
    """Return the acts that plugins record, with their words."""
    return {word.key: word.title for word in _plugin_words().values() if "." in word.key}


def _plugin_words() -> Mapping[tuple[str, str], AuditWord]:
    found: Mapping[tuple[str, str], AuditWord] = current_app.extensions.get(_PLUGINS, {})
    return found

"""Schemes of tiers for programs: read, drafted as the JSON of a club file, proposed, published."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import fields
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Flag, Input, Output, Text, Whole, list_of, texts_of
from portal.api.problems import Problem, conflict, invalid, refused
from portal.extensions import db
from portal.forms import tidy
from portal.i18n import gettext
from portal.tiers import queries, schema, service
from portal.tiers.errors import TierError
from portal.tiers.kinds import VersionState
from portal.tiers.models import SchemeVersion
from portal.tiers.schema import FormError
from portal.tiers.sentences import fault_text, sentence
from portal.tiers.versions import terms_of
from portal.tokens.current import refuse_services

blueprint = ApiBlueprint(
    "tier_schemes_api", "portal.tiers", url_prefix="/api/v1/centre/tiers", title="Tier schemes"
)

_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
_TERMS = {"description": "A scheme's `terms` as in a club file (docs/club.schema.json)."}
_STALE = {409: "It is not at this point (`state`), somebody else saved it, or it is your own."}


class SchemeShown(Output):
    """A scheme and where its newest version stands; `revision` grows with each saved draft."""

    key = Text(30)
    name = texts_of(60)
    is_club = Flag()
    version = Whole(1, 10**6)
    state = Choice(VersionState)
    revision = Whole(1, 10**9)
    begins_on = Day(allow_none=True)


class SchemesShown(Output):
    """Every scheme, the club's first."""

    items = list_of(SchemeShown)


class SchemeWhole(SchemeShown):
    """A scheme with what its newest version says, and what keeps that from being published."""

    terms = fields.Dict(metadata=_TERMS)
    faults = list_of(Text(2000))


class NewScheme(Input):
    """A scheme to begin, with its first draft."""

    key = Text(30, required=True)
    name = texts_of(60, required=True)
    is_club = Flag(load_default=False)
    terms = fields.Dict(keys=fields.String(), required=True, metadata=_TERMS)


class Named(Input):
    """What a scheme is called from now on; it may become the club's, which another one was."""

    name = texts_of(60, required=True)
    is_club = Flag()


class Draft(Input):
    """What a draft says from now on; `revision`: of the draft that was read. Without one, the next
    version begins."""

    terms = fields.Dict(keys=fields.String(), required=True, metadata=_TERMS)
    revision = Whole(1, 10**9)


class Proposed(Input):
    """From when on the draft is to hold."""

    begins_on = Day(required=True)


@blueprint.call("GET", "", SchemesShown)
@requires("tiers.edit")
def schemes() -> dict[str, Any]:
    """List the schemes."""
    return {"items": [_shown(version) for version in queries.newest_versions()]}


@blueprint.call("POST", "", SchemeWhole, status=201, body=NewScheme)
@requires("tiers.edit")
def add_scheme(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a scheme with a draft."""
    name = {language: text for language, text in body["name"].items() if text}
    if not _KEY.fullmatch(body["key"]):
        raise invalid(key=gettext("Use a–z, 0–9 and _, at most 30, a letter first."))
    if not name:
        raise invalid(name=gettext("Give the scheme a name."))
    try:
        service.create_scheme(
            actor=current_account(),
            key=body["key"],
            name=name,
            is_club=body["is_club"],
            form=_form(body["terms"]),
        )
    except TierError as error:
        raise refused(error.code, sentence(error), "key") from error
    db.session.commit()
    return _whole(body["key"])


@blueprint.call("GET", "/<slug>", SchemeWhole)
@requires("tiers.edit")
def scheme(slug: str) -> dict[str, Any]:
    """Show what the newest version of a scheme says."""
    return _whole(slug)


@blueprint.call("POST", "/<slug>/name", SchemeWhole, body=Named)
@requires("tiers.publish")
def rename(slug: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call a scheme something else, or make it the club's."""
    scheme = _newest(slug).scheme
    name = {language: text for language, text in body["name"].items() if text}
    is_club = body.get("is_club", scheme.is_club)
    try:
        service.rename_scheme(actor=current_account(), scheme=scheme, name=name, is_club=is_club)
    except TierError as error:
        field = "name" if error.code == "name_needed" else "is_club"
        raise refused(error.code, sentence(error), field) from error
    db.session.commit()
    return _whole(slug)


@blueprint.call("POST", "/<slug>/draft", SchemeWhole, body=Draft, errors=_STALE)
@requires("tiers.edit")
def save_draft(slug: str, body: dict[str, Any]) -> dict[str, Any]:
    """Save a draft, or begin the next version with it; a proposal is a draft again."""
    version, actor, form = _newest(slug), current_account(), _form(body["terms"])
    revision = body.get("revision", 0)
    try:
        if version.state == VersionState.PUBLISHED:
            if revision:
                raise TierError("changed_meanwhile", state=version.state)
            version = service.start_draft(actor=actor, scheme=version.scheme)
            revision = version.revision
        service.save_draft(actor=actor, version=version, form=form, revision=revision)
    except TierError as error:
        raise _conflict(error, version) from error
    db.session.commit()
    return _whole(slug)


@blueprint.call("POST", "/<slug>/propose", SchemeWhole, body=Proposed, errors=_STALE)
@requires("tiers.edit")
def propose(slug: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask a colleague to publish the draft."""
    version, begins_on = _newest(slug), body["begins_on"]
    assert isinstance(begins_on, date)
    try:
        service.propose(actor=current_account(), version=version, begins_on=begins_on)
    except TierError as error:
        if error.code in ("begins_in_past", "not_publishable"):
            raise refused(error.code, sentence(error), "begins_on") from error
        raise _conflict(error, version) from error
    db.session.commit()
    return _whole(slug)


@blueprint.call("POST", "/<slug>/publish", SchemeWhole, errors=_STALE)
@requires("tiers.publish")
def publish(slug: str) -> dict[str, Any]:
    """Publish what a colleague proposed."""
    refuse_services()
    version = _newest(slug)
    try:
        service.publish(actor=current_account(), version=version)
    except TierError as error:
        raise _conflict(error, version) from error
    db.session.commit()
    return _whole(slug)


@blueprint.call("POST", "/<slug>/discard", errors=_STALE)
@requires("tiers.edit")
def discard(slug: str) -> None:
    """Throw the draft away; with a scheme's first one the scheme goes too."""
    version = _newest(slug)
    try:
        service.discard(actor=current_account(), version=version)
    except TierError as error:
        raise _conflict(error, version) from error
    db.session.commit()


def _newest(slug: str) -> SchemeVersion:
    versions = queries.versions_of(slug)
    if not versions:
        raise NotFound
    return versions[0]


def _form(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of what came in. Raises the 422 that names every path."""
    try:
        found: dict[str, Any] = _tidied(schema.dump(schema.load(terms)))
    except FormError as error:
        errors: dict[str, list[str]] = {}
        for path, text in error.faults:
            errors.setdefault(f"terms.{path}".strip("."), []).append(text)
        raise Problem(422, errors=errors) from error
    return found


def _tidied(value: Any) -> Any:
    """Return a document without control characters in its texts; the schema bounds its depth."""
    if isinstance(value, Mapping):
        return {key: _tidied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_tidied(each) for each in value]
    return tidy(value) if isinstance(value, str) else value


def _conflict(error: TierError, version: SchemeVersion) -> Problem:
    return conflict(error.code, sentence(error), state=error.state or version.state)


def _shown(version: SchemeVersion) -> dict[str, Any]:
    return {
        "key": version.scheme.key,
        "name": dict(version.scheme.name),
        "is_club": version.scheme.is_club,
        "version": version.version,
        "state": version.state,
        "revision": version.revision,
        "begins_on": version.begins_on,
    }


def _whole(slug: str) -> dict[str, Any]:
    version = _newest(slug)
    terms = terms_of(version)
    is_open = version.state != VersionState.PUBLISHED
    faults = service.faults_of_draft(version) if is_open else []
    return {
        **_shown(version),
        "terms": schema.dump(terms),
        "faults": [fault_text(terms, fault) for fault in faults],
    }

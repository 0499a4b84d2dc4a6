"""The club and its legal texts, for programs."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import public
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Moment, Output, Text, Whole, list_of
from portal.club.models import LegalKind, LegalText
from portal.club.queries import current_club, current_legal_texts, legal_text
from portal.club.views import MOST_VERSIONS
from portal.club.words import LEGAL_TITLES
from portal.i18n import LANGUAGES, localized

blueprint = ApiBlueprint("club_api", "portal.club", url_prefix="/api/v1", title="The club")


class ClubShown(Output):
    """The club: brand, languages, contact."""

    name = Text(200)
    tagline = Text(400)
    brand_color = Text(7)
    languages = list_of(Choice(tuple(LANGUAGES)))
    default_language = Choice(tuple(LANGUAGES))
    time_zone = Text(40)
    contact_phone = Text(40, allow_none=True)
    contact_email = Text(254, allow_none=True)


class Legal(Output):
    """A version of the terms or the privacy notice; the text is Markdown."""

    kind = Choice(LegalKind)
    title = Text()
    version = Whole(1, MOST_VERSIONS)
    published_at = Moment()
    body = fields.String()


class LegalTexts(Output):
    """The versions in force."""

    items = list_of(Legal)


class VersionQuery(Schema):
    """Which version; the one in force without."""

    version = fields.Integer(validate=validate.Range(1, MOST_VERSIONS))


@blueprint.call("GET", "/club", ClubShown)
@public
def show() -> dict[str, Any]:
    """Show the club."""
    club = current_club()
    return {
        "name": localized(club.name),
        "tagline": localized(club.tagline),
        "brand_color": club.brand_color,
        "languages": club.languages,
        "default_language": club.default_language,
        "time_zone": club.time_zone,
        "contact_phone": club.contact_phone,
        "contact_email": club.contact_email,
    }


@blueprint.call("GET", "/legal", LegalTexts)
@public
def legal_texts() -> dict[str, Any]:
    """Show the texts to accept before joining."""
    found = sorted(current_legal_texts().items())
    return {"items": [legal_shown(text) for _kind, text in found]}


@blueprint.call("GET", "/legal/<any(terms,privacy):kind>", Legal, query=VersionQuery)
@public
def legal(kind: str, query: dict[str, int]) -> dict[str, Any]:
    """Show one text: the version in force, or one before it."""
    text = legal_text(LegalKind(kind), query.get("version"))
    if text is None:
        raise NotFound
    return legal_shown(text)


def legal_shown(text: LegalText) -> dict[str, Any]:
    """Return a version of a legal text."""
    return {
        "kind": text.kind,
        "title": str(LEGAL_TITLES[text.kind]),
        "version": text.version,
        "published_at": text.published_at,
        "body": localized(text.body),
    }

"""The club's colour and its legal texts, for everybody."""

from flask import Response, render_template, request
from werkzeug.exceptions import NotFound

from portal.access import public
from portal.club import colors
from portal.club.blueprint import blueprint
from portal.club.markdown import render_markdown
from portal.club.models import LegalKind
from portal.club.queries import current_club, legal_text
from portal.club.words import LEGAL_TITLES
from portal.i18n import localized

__all__ = ["blueprint"]

MOST_VERSIONS = 100_000


@blueprint.get("/brand.css")
@public
def brand_css() -> Response:
    """Return the club's colour as CSS; its address carries the colour, so it may be kept."""
    response = Response(colors.brand_css(current_club().brand_color), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=31536000"
    return response


@blueprint.get("/legal/<kind>")
@public
def legal(kind: str) -> str:
    """Show the terms or the privacy notice: the version in force, or `?version=` before it."""
    if kind not in set(LegalKind):
        raise NotFound
    wanted = request.args.get("version", type=int)
    if wanted is not None and not 0 < wanted <= MOST_VERSIONS:
        raise NotFound
    text = legal_text(LegalKind(kind), wanted)
    if text is None and wanted is not None:
        raise NotFound
    newest = legal_text(LegalKind(kind)) if wanted is not None else text
    return render_template(
        "club/legal.html",
        title=LEGAL_TITLES[kind],
        text=text,
        newest=newest,
        body=render_markdown(localized(text.body)) if text else None,
    )

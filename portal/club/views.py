"""The club's colour and its legal texts, for everybody."""

import re

from flask import Response, render_template
from werkzeug.exceptions import NotFound

from portal.access import public, requires
from portal.club.blueprint import blueprint
from portal.club.models import LegalKind
from portal.club.queries import current_club, legal_text

__all__ = ["blueprint"]

_COLOR = re.compile(r"#[0-9a-f]{6}")
_CSS = """:root {{
  --brand: {0}; --bs-primary: {0}; --bs-primary-rgb: {1}, {2}, {3};
  --brand-hover: color-mix(in srgb, {0} 85%, #000); --brand-dark: color-mix(in srgb, {0} 45%, #000);
}}
"""


@blueprint.get("/brand.css")
@public
def brand_css() -> Response:
    """Return the club's colour as CSS; its address carries the colour, so it may be kept."""
    color = current_club().brand_color.lower()
    body = ""
    if _COLOR.fullmatch(color):
        body = _CSS.format(color, *(int(color[at : at + 2], 16) for at in (1, 3, 5)))
    response = Response(body, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=31536000"
    return response


@blueprint.get("/legal/<kind>")
@public
def legal(kind: str) -> str:
    """Show a legal text."""
    if kind not in set(LegalKind):
        raise NotFound
    return render_template("accounts/soon.html", text=legal_text(LegalKind(kind)))


@blueprint.get("/centre/club")
@requires("club.settings")
def settings() -> str:
    """Show the club's settings."""
    return render_template("accounts/soon.html")

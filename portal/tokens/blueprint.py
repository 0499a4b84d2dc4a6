"""The pages of tokens; portal.staff has the views, because they show projects."""

from flask import Blueprint

blueprint = Blueprint("tokens", "portal.tokens")

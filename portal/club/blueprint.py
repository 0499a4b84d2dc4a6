"""The club's brand, its legal texts and its settings."""

from flask import Blueprint

blueprint = Blueprint("club", "portal.club")

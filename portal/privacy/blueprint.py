"""The pages on one's own data."""

from flask import Blueprint

blueprint = Blueprint("privacy", "portal.privacy")

"""The blueprint of the announcements."""

from flask import Blueprint

blueprint = Blueprint("announcements", "portal.announcements")

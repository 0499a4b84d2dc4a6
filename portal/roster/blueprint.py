"""The blueprint of the roster's pages."""

from flask import Blueprint

blueprint = Blueprint("roster", "portal.roster")

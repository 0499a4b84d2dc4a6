"""The blueprint of the earning rules."""

from flask import Blueprint

blueprint = Blueprint("earning", "portal.earning")

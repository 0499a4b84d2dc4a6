"""The home feature's blueprint."""

from flask import Blueprint

blueprint = Blueprint("home", "portal.home")

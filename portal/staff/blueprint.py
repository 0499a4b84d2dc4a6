"""The staff's desk, the project chooser and the group centre."""

from flask import Blueprint

blueprint = Blueprint("staff", "portal.staff")

"""The members' pages."""

from flask import Blueprint

blueprint = Blueprint("members", "portal.members")

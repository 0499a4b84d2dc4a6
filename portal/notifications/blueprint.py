"""The blueprint of inbox, choices and wordings."""

from flask import Blueprint

blueprint = Blueprint("notifications", "portal.notifications")

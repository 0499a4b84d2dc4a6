"""The plugin's blueprints: the owners' pages and the staff's."""

from flask import Blueprint

blueprint = Blueprint("events", "plugins.events")
staff = Blueprint("events_staff", "plugins.events")

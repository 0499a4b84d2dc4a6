"""The plugin's blueprints: the owners' pages and the staff's."""

from flask import Blueprint

blueprint = Blueprint("complaints", "plugins.complaints")
staff = Blueprint("complaints_staff", "plugins.complaints")

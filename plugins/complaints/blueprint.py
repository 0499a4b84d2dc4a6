"""The plugin's blueprints: the owners' pages, the staff's, and the group's."""

from flask import Blueprint

blueprint = Blueprint("complaints", "plugins.complaints")
staff = Blueprint("complaints_staff", "plugins.complaints")
group = Blueprint("complaints_centre", "plugins.complaints")

"""The plugin's blueprints: the owners' pages, the staff's, the group's, and links."""

from flask import Blueprint

blueprint = Blueprint("surveys", "plugins.surveys")
staff = Blueprint("surveys_staff", "plugins.surveys")
group = Blueprint("surveys_centre", "plugins.surveys")

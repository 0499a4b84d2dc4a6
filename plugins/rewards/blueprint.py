"""The plugin's blueprints: the owners' pages, the staff's, the partners', and the group's."""

from flask import Blueprint

blueprint = Blueprint("rewards", "plugins.rewards")
group = Blueprint("rewards_centre", "plugins.rewards")
partner = Blueprint("rewards_partner", "plugins.rewards")
staff = Blueprint("rewards_staff", "plugins.rewards")

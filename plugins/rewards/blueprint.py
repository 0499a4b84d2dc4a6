"""The plugin's blueprints: the owners' pages, the staff's, and the partners'."""

from flask import Blueprint

blueprint = Blueprint("rewards", "plugins.rewards")
partner = Blueprint("rewards_partner", "plugins.rewards")
staff = Blueprint("rewards_staff", "plugins.rewards")

"""The plugin's blueprints: the owners' pages and the staff's."""

from flask import Blueprint

blueprint = Blueprint("rewards", "plugins.rewards")
staff = Blueprint("rewards_staff", "plugins.rewards")

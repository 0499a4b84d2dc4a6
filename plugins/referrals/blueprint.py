"""The plugin's blueprints: the owners' pages, the friends' and the staff's."""

from flask import Blueprint

blueprint = Blueprint("referrals", "plugins.referrals")
friends = Blueprint("referrals_friend", "plugins.referrals")
staff = Blueprint("referrals_staff", "plugins.referrals")

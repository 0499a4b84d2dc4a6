"""The pages on roles; portal.staff has the views, because they show projects."""

from flask import Blueprint

blueprint = Blueprint("permissions", "portal.permissions")

"""The pages of points."""

from flask import Blueprint

from portal.points.amounts import format_change, format_points
from portal.points.explain import explain

blueprint = Blueprint("points", "portal.points")
blueprint.add_app_template_filter(format_points, "points")
blueprint.add_app_template_filter(format_change, "change")
blueprint.add_app_template_filter(explain, "explained")

"""The pages of points."""

from flask import Blueprint

from portal.points.amounts import format_change, format_fen, format_points
from portal.points.explain import (
    explain,
    title_of_line,
    title_of_rule,
    title_of_share,
    title_of_source,
)

blueprint = Blueprint("points", "portal.points")
blueprint.add_app_template_filter(format_points, "points")
blueprint.add_app_template_filter(format_change, "change")
blueprint.add_app_template_filter(format_fen, "fen")
blueprint.add_app_template_filter(explain, "explained")
blueprint.add_app_template_filter(title_of_line, "line_title")
blueprint.add_app_template_filter(title_of_source, "source_title")
blueprint.add_app_template_filter(title_of_rule, "rule_title")
blueprint.add_app_template_filter(title_of_share, "share_title")

"""The pages of points."""

from typing import Any

from flask import Blueprint, has_request_context

from portal.points.amounts import format_change, format_fen, format_points
from portal.points.asked import asked_of
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


OWN_PAGES = frozenset(
    f"points.{name}" for name in ("mine", "lots", "line", "month_statement", "export")
)


@blueprint.url_defaults
def keep_holder(endpoint: str, values: dict[str, Any]) -> None:
    """Let the pages of a household's points lead to one another."""
    if endpoint in OWN_PAGES and has_request_context() and asked_of():
        values.setdefault("of", asked_of())

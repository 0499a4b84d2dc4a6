"""The pages of tiers."""

from flask import Blueprint

from portal.tiers import words

blueprint = Blueprint("tiers", "portal.tiers")
blueprint.add_app_template_global(words.tier_name, "tier_name")
blueprint.add_app_template_global(words.figures_text, "figures_text")
blueprint.add_app_template_global(words.condition_text, "condition_text")
blueprint.add_app_template_global(words.MOVE_TITLES.__getitem__, "move_title")
blueprint.add_app_template_global(words.metric_name, "metric_name")
blueprint.add_app_template_global(words.choice_title, "choice_title")

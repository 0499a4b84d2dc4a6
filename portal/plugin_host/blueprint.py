"""The blueprint of the plugin pages."""

from flask import Blueprint

blueprint = Blueprint("plugins", "portal.plugin_host")

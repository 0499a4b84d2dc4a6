"""The blueprint of the webhooks."""

from flask import Blueprint

blueprint = Blueprint("webhooks", "portal.webhooks")

"""The blueprint of claims."""

from flask import Blueprint

blueprint = Blueprint("claims", "portal.claims")

"""The blueprint of projects and homes."""

from flask import Blueprint

blueprint = Blueprint("projects", "portal.projects")

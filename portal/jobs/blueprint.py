"""The pages of background work; portal.staff has the views, because they are audited."""

from flask import Blueprint

blueprint = Blueprint("jobs", "portal.jobs")

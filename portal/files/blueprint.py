"""The blueprint of uploaded files."""

from flask import Blueprint

blueprint = Blueprint("files", "portal.files")

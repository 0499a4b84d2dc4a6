"""The pages of the audit trail; portal.staff has the views, because they show people."""

from flask import Blueprint

blueprint = Blueprint("audit", "portal.audit")

"""Where the JSON API lies: what is asked for there is answered in JSON and by bearer token."""

from flask import has_request_context, request

API_PREFIX = "/api/"


def is_api_request() -> bool:
    """Tell whether this request asks the JSON API."""
    return has_request_context() and request.path.startswith(API_PREFIX)

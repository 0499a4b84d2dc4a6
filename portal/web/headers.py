"""Security headers on every answer, and the nonce for the few inline blocks of data."""

import secrets

from flask import Flask, g, request
from flask import Response as Answer
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.wrappers import Response

from portal.plugin_host.addresses import TOKEN_PREFIX

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class PrivateSessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie, which no answer carries that caches may share."""

    def save_session(self, app: Flask, session: SessionMixin, response: Answer) -> None:
        """Set or refresh the cookie, unless the answer is for everybody."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def csp_nonce() -> str:
    """Return this request's nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def configure_headers(app: Flask) -> None:
    """Add the headers to every answer of `app`, and keep cookies out of shared ones."""
    app.session_interface = PrivateSessions()

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=csp_nonce()))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        # The policy's frame-ancestors says so, too: for what does not read it.
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        if request.path.startswith(TOKEN_PREFIX):
            # The address is a secret: neither other sites nor search engines get it.
            headers["Referrer-Policy"], headers["X-Robots-Tag"] = "no-referrer", "noindex"
        headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "private, no-store")
            headers.add("Vary", "Cookie")
        return response

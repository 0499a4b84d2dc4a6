"""Whose code runs now: a plugin's hook, job or view, or the portal's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, has_request_context, request

from portal.plugin_host.state import host


@contextmanager
def acting(plugin: str) -> Iterator[None]:
    """Let a plugin act within; whoever acted before acts on after it."""
    before = g.get("acting_plugin")
    g.acting_plugin = plugin
    try:
        yield
    finally:
        g.acting_plugin = before


def check_acting(plugin: str) -> None:
    """Raise ValueError when another plugin acts now than `plugin`, whose things these are."""
    now = g.get("acting_plugin")
    if now is None and has_request_context():
        now = host().plugin_of(request.blueprint)
    if now not in (None, plugin):
        raise ValueError(f"these facts are {plugin}'s: {now} has no say in them")

"""/metrics for Prometheus: what requests, statements and hooks take, and which work waits.

Closed (404) without PORTAL_METRICS_TOKEN. Several workers of one machine add up where
PROMETHEUS_MULTIPROC_DIR names an empty folder of theirs; that is the library's own way.
"""

import hmac
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, abort, current_app, g, request
from werkzeug.wrappers import Response

from portal import clock
from portal.access import public
from portal.config import Settings
from portal.extensions import db, reading
from portal.jobs.models import JobState
from portal.jobs.queries import COUNTED, standing
from portal.web import statements

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.metrics_core import Metric

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
UNMEASURED = frozenset({"static", "plugin_static", "healthz", "readyz", "metrics"})
_METER = "portal.meter"


@dataclass
class Meter:
    """What is counted in this process, in a registry of the application's own."""

    registry: "CollectorRegistry"
    requests: "Histogram"
    sent: "Counter"
    sent_seconds: "Counter"
    hook_seconds: "Histogram"

    def note_hook(self, plugin: str, hook: str, seconds: float) -> None:
        """Count a call of a plugin's hook."""
        self.hook_seconds.labels(plugin, hook).observe(seconds)


def configure_metrics(app: Flask, settings: Settings) -> None:
    """Add /metrics; count only where somebody may read it."""
    app.add_url_rule("/metrics", "metrics", public(_metrics), methods=["GET"])
    if settings.metrics_token is None:
        return
    meter = _meter()
    app.extensions[_METER] = meter
    app.extensions["portal.slow_hooks"].noted = meter.note_hook

    @app.after_request
    def measure(response: Response) -> Response:
        if request.endpoint not in UNMEASURED:
            endpoint = request.endpoint or "none"
            took = time.perf_counter() - g.get("started", time.perf_counter())
            meter.requests.labels(endpoint, f"{response.status_code // 100}xx").observe(took)
            meter.sent.labels(endpoint).inc(statements.sent())
            meter.sent_seconds.labels(endpoint).inc(statements.seconds())
        return response


def _meter() -> Meter:
    # Loaded only where it is used: it takes its time at the start.
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    return Meter(
        registry,
        Histogram(
            "portal_request_seconds",
            "What requests took.",
            ("endpoint", "status"),
            buckets=SECONDS,
            registry=registry,
        ),
        Counter(
            "portal_statements", "SQL statements of requests.", ("endpoint",), registry=registry
        ),
        Counter(
            "portal_statement_seconds",
            "What the SQL statements of requests took.",
            ("endpoint",),
            registry=registry,
        ),
        Histogram(
            "portal_hook_seconds",
            "What calls of plugins' hooks took.",
            ("plugin", "hook"),
            buckets=SECONDS,
            registry=registry,
        ),
    )


class _Work:
    """The background work of the whole installation, asked when somebody reads."""

    def collect(self) -> "Iterator[Metric]":
        """Yield the jobs by state, and for how long the oldest due one has waited."""
        from prometheus_client.core import GaugeMetricFamily

        with reading():
            found = standing()
            db.session.rollback()
        jobs = GaugeMetricFamily("portal_jobs", "Jobs by state.", labels=["state"])
        for state in COUNTED:
            jobs.add_metric([JobState(state).value], found.counts.get(state, 0))
        yield jobs
        waited = clock.now() - found.oldest_due if found.oldest_due else None
        yield GaugeMetricFamily(
            "portal_jobs_waited_seconds",
            "For how long the oldest job that is due has waited.",
            value=waited.total_seconds() if waited else 0,
        )


def _metrics() -> Response:
    """Answer in Prometheus' text format to who has the token; to everybody else it is not there."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    settings: Settings = current_app.extensions["portal.settings"]
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    token = settings.metrics_token
    if token is None or kind != "Bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    registry = current_app.extensions[_METER].registry
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    work = CollectorRegistry()
    work.register(_Work())
    text = generate_latest(registry) + generate_latest(work)
    return current_app.response_class(text, content_type=CONTENT_TYPE_LATEST)

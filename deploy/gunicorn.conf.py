"""Gunicorn's settings: `gunicorn -c deploy/gunicorn.conf.py wsgi:app`.

Every value has a variable of gunicorn's own or can be given as an option, which wins.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
# A page mostly computes: more workers than cores wait for each other, and p99 grows.
workers = int(os.environ.get("WEB_CONCURRENCY", "0")) or os.cpu_count() or 2
worker_class = "sync"
# Memory that the workers have in common stays in common.
preload_app = True
# A worker begins anew now and then, not all of them at once: what leaks, leaks for a while only.
max_requests = 5000
max_requests_jitter = 1000
# PostgreSQL gives up a page's statement after 20 seconds.
timeout = 60
graceful_timeout = 30
# No disk below gunicorn's sign of life, which would stop a worker when it is slow.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
accesslog = (
    None  # It would write addresses with the tokens of invitations; the portal's hides them.
)
errorlog = "-"


_counts = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR") or os.devnull)
if _counts != Path(os.devnull):
    _counts.mkdir(parents=True, exist_ok=True)


def on_starting(server: Any) -> None:
    """Begin the counts of /metrics anew: those of the last start are other processes'."""
    if _counts.is_dir():
        for old in _counts.glob("*.db"):
            with suppress(FileNotFoundError):
                old.unlink()


def child_exit(server: Any, worker: Any) -> None:
    """Take a worker that has ended out of what is counted by process."""
    if _counts.is_dir():
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)

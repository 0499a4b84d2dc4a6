"""`portal run`: serve the portal from one process."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click
from flask import Flask
from flask.cli import ScriptInfo
from waitress import create_server
from waitress.server import BaseWSGIServer, MultiSocketServer
from werkzeug.serving import run_simple

from portal.config import Settings
from portal.jobs.runner import Runner

DRAIN_SECONDS = 20.0


@click.command("run")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Requests served at the same time.",
)
@click.option("--no-jobs", is_flag=True, help="Leave background work to `portal jobs run`.")
@click.pass_obj
def run(info: ScriptInfo, *, host: str, port: int, threads: int, no_jobs: bool) -> None:
    """Serve the portal and do its background work in one process.

    With PORTAL_DEVELOPMENT=1 it reloads when the code changes.
    """
    app = info.load_app()
    if app.extensions["portal.settings"].development:
        # The reloader begins a process of its own for the server; this one only watches files.
        if not no_jobs and os.environ.get("WERKZEUG_RUN_MAIN") == "true":
            Runner(app).start()
        run_simple(host, port, app, use_reloader=True, use_debugger=True, threaded=True)
        return
    try:
        server = create_server(
            app,
            host=host,
            port=port,
            threads=threads,
            ident=None,
            max_request_body_size=longest_request(app),
        )
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port} cannot be listened on ({error.strerror}). "
            "Give another --port, or end the program that uses it."
        ) from error
    address = _address(server, host)
    if not os.environ.get("PORTAL_BASE_URL"):
        # Links in mails and invitations lead to where this process really listens.
        settings: Settings = app.extensions["portal.settings"]
        app.extensions["portal.settings"] = replace(settings, base_url=address)
    click.echo(f"Serving on {address} (Ctrl+C to stop)")
    with _working(app, off=no_jobs):
        server.run()


@contextmanager
def _working(app: Flask, *, off: bool) -> Iterator[None]:
    """Do background work beside the server; at the end, let the job at hand be finished."""
    if off:
        yield
        return
    runner = Runner(app)
    # As Ctrl+C: the server's loop ends, and what follows it is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    runner.start()
    try:
        yield
    finally:
        runner.stop()
        if not runner.join(DRAIN_SECONDS):
            click.echo("A job is left in the middle: it is taken up again at the next start.")


def longest_request(app: Flask) -> int:
    """Return how many bytes any page takes: the server refuses more before it keeps them."""
    files = max(getattr(view, "file_count", 1) for view in app.view_functions.values())
    return (files * app.extensions["portal.settings"].upload_megabytes + 1) * 1024 * 1024


def _address(server: BaseWSGIServer | MultiSocketServer, host: str) -> str:
    if isinstance(server, MultiSocketServer):
        port = server.effective_listen[0][1]
    else:
        port = server.effective_port
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"

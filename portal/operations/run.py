"""`portal run`: serve the portal from one process."""

import os
from dataclasses import replace

import click
from flask import Flask
from flask.cli import ScriptInfo
from waitress import create_server
from waitress.server import BaseWSGIServer, MultiSocketServer
from werkzeug.serving import run_simple

from portal.config import Settings


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
@click.pass_obj
def run(info: ScriptInfo, host: str, port: int, threads: int) -> None:
    """Serve the portal; with PORTAL_DEVELOPMENT=1 it reloads when the code changes."""
    app = info.load_app()
    if app.extensions["portal.settings"].development:
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
    server.run()


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

"""A portal in processes of its own, with plugins installed beside it, and people who use it."""

import contextlib
import http.cookiejar
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests import services
from tests.forks import start_portal
from tests.plugins.conftest import INSTALLED

ROOT = Path(__file__).parents[2]
TOYS = Path(__file__).parent / "toys"
PATIENCE = 90
PASSWORD = "demo-password"
TOML = """
name = "{name}"
title = {{ zh_Hans_CN = "{name}", en = "{name}" }}
summary = {{ zh_Hans_CN = "{name}", en = "{name}" }}
version = "1.0.0"
api = 1
"""


@dataclass
class Installation:
    """A folder of the portal's, the packages beside it, and the environment of its processes."""

    env: dict[str, str]
    site: Path

    def portal(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run the `portal` command."""
        running = start_portal(*words, env=self.env | env, cwd=ROOT)
        said, _ = running.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(words, running.returncode or 0, said, said)

    def install(self, name: str, hooks: str | None = None) -> None:
        """Put a distribution with one plugin into the folder of packages."""
        package = self.site / f"{name}_toy"
        if hooks is None:
            shutil.copytree(TOYS / package.name, package)
        else:
            package.mkdir()
            (package / "__init__.py").write_text("")
            (package / "plugin.toml").write_text(TOML.format(name=name), "utf-8")
            (package / "hooks.py").write_text(hooks, "utf-8")
        facts = self.site / f"{name}_toy-1.0.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-toy\nVersion: 1.0.0\n"
        )
        (facts / "entry_points.txt").write_text(f"[portal.plugins]\n{name} = {name}_toy\n")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Reader:
    """A person at a server: keeps cookies, fills in forms."""

    url: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Send a GET, or a POST of `form`; return status and text, redirects not followed."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        opener = urllib.request.build_opener(cookies, _Stay)
        request = urllib.request.Request(self.url + path, data, {"Accept-Language": "zh-CN"})  # noqa: S310 - our own address
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def post(self, page: str, path: str, form: dict[str, str]) -> None:
        """Send a form of `page`, with its token."""
        _, text = self.ask(page)
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text)
        assert token is not None, text
        status, answer = self.ask(path, {"csrf_token": token[1], **form})
        assert status in (302, 303), answer

    def sign_in(self, email: str, password: str = PASSWORD) -> "Reader":
        """Sign in, with the demo's password unless told another."""
        form = {"way": "password", "identity": email, "password": password}
        self.post("/login?way=password", "/login", form)
        return self

    def switch(self, plugin: str, slug: str, *, on: bool) -> None:
        """Switch a plugin on the administrator's page."""
        form = {"slug": slug, "on": "1" if on else "0"}
        self.post("/centre/plugins", f"/centre/plugins/{plugin}/switch", form)

    def at(self, url: str) -> "Reader":
        """Return the same person, signed in as they are, at another server."""
        return Reader(url, self.jar)


@contextlib.contextmanager
def serving(installation: Installation, *words: str, bind: str = "--port") -> Iterator[str]:
    """Run a server on a free port for the time of the block; ended by its process id."""
    port = services._free_port()
    address = str(port) if bind == "--port" else f"127.0.0.1:{port}"
    log = installation.site.parent / f"server-{port}.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, bind, address],
            env=installation.env,
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextlib.contextmanager
def installed(database_url: str, folder: Path) -> Iterator[Installation]:
    """Make an installation with the demo in `folder`, on a database of its own; no plugins yet."""
    with own_database(database_url, folder) as url:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
        env |= {
            "PORTAL_HOME": str(folder),
            "PORTAL_DATABASE_URL": url,
            "PORTAL_DEMO": "1",
            "PYTHONPATH": str(folder / "site"),
        }
        found = Installation(env, folder / "site")
        found.site.mkdir()
        for command in (("db", "upgrade"), ("demo", "load", "--if-empty")):
            done = found.portal(*command)
            assert done.returncode == 0, done.stderr
        yield found


@contextlib.contextmanager
def bare(database_url: str, folder: Path, **more: str) -> Iterator[dict[str, str]]:
    """Make an installation in `folder` without plugins and demo, on a database of its own; yield
    its processes' environment, `more` in it."""
    with own_database(database_url, folder) as url:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
        env |= {
            "PORTAL_HOME": str(folder),
            "PORTAL_DATABASE_URL": url,
            "PORTAL_LOG_LEVEL": "WARNING",
            "PORTAL_BLOCK_PLUGINS": ",".join(INSTALLED),
            **more,
        }
        done = Installation(env, folder).portal("db", "upgrade")
        assert done.returncode == 0, done.stderr
        yield env


@contextlib.contextmanager
def own_database(url: str, folder: Path) -> Iterator[str]:
    """Make a database beside that of the other tests: a file, or one on their server."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'portal.sqlite3'}"
        return
    name = "processes"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    own = sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    yield own.replace("postgresql+psycopg", "postgresql", 1)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}: {log.read_text('utf-8', 'replace')}")

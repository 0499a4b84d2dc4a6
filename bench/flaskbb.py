"""FlaskBB 2.2.0, from PyPI, with 5,000 users, 2,000 topics and 40,000 posts, to compare with.

It needs Python 3.12 or newer, in an environment of its own. Three things stand in its way there:
annotations that name what is imported for type checkers only (before Python 3.14), a column that is
too short for its own passwords on PostgreSQL, and a command for test data that fails. They are
mended in that copy, or walked round. `mended` takes two faults more out of its pages: every user is
read to show the newest, and posts and topics have no index. Its search index, which it rewrites
with every page that is viewed, is off then as well.
"""

import ast
import contextlib
import http.cookiejar
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from bench.serving import AGENT, free_port, served

PACKAGES = ("flaskbb==2.2.0", "gunicorn", "psycopg2-binary")
PAGE_SIZE = 20
USER, PASSWORD = "resident7", "bench-password"
_PYTHONS = ("python3.14", "python3.13", "python3.12")
_CONFIG = """\
DEBUG = False
TESTING = False
SQLALCHEMY_DATABASE_URI = {url!r}
SECRET_KEY = "bench"
WTF_CSRF_SECRET_KEY = "bench"
LOG_PATH = {logs!r}
USE_DEFAULT_LOGGING = False
WHOOSHEE_DIR = {index!r}
WHOOSHEE_ENABLE_INDEXING = {indexing}
REDIS_ENABLED = False
CACHE_TYPE = "SimpleCache"
RATELIMIT_STORAGE_URI = "memory://"
"""
_WSGI = (
    "from flaskbb import create_app\napp = create_app(config={config!r}, instance_path={at!r})\n"
)
_FINISH = f"""
from wsgi_bench import app
from flaskbb.management.models import Setting
from flaskbb.utils.populate import create_user, create_welcome_forum, run_plugin_migrations
from flaskbb.utils.translations import compile_translations
with app.app_context():
    create_user("admin", {PASSWORD!r}, "admin@example.org", "admin")
    create_welcome_forum()
    run_plugin_migrations()
    compile_translations()
    Setting.update({{"posts_per_page": {PAGE_SIZE}, "topics_per_page": {PAGE_SIZE}}})
"""
_ROWS = """
INSERT INTO users (username, email, password, date_joined, lastseen, post_count, primary_group_id,
    login_attempts, activated)
  SELECT 'resident' || i, 'resident' || i || '@example.org', a.password,
    now() - interval '1 day' * (i % 700), now() - interval '1 minute' * (i % 9000), 0, g.id, 0, true
  FROM generate_series(1, 5000) i, users a, groups g
  WHERE a.username = 'admin' AND g.name = 'Member';
INSERT INTO categories (title, description, position) VALUES ('Estate', 'Everything here', 2);
INSERT INTO forums (category_id, title, description, position, locked, show_moderators, post_count,
    topic_count)
  SELECT c.id, 'Forum ' || i, 'A forum about **things** number ' || i, i, false, false, 0, 0
  FROM categories c, generate_series(0, 9) i WHERE c.title = 'Estate';
INSERT INTO forumgroups (group_id, forum_id) SELECT g.id, f.id FROM groups g, forums f
  ON CONFLICT DO NOTHING;
ALTER TABLE topics ALTER COLUMN hidden SET DEFAULT false;
ALTER TABLE posts ALTER COLUMN hidden SET DEFAULT false;
INSERT INTO topics (forum_id, title, user_id, username, date_created, last_updated, locked,
    important, views, post_count)
  SELECT f.id, 'Topic ' || i || ' about the lobby lights and the gate', u.id, u.username,
    now() - interval '1 hour' * (2100 - i), now(), false, false, i % 300, 20
  FROM generate_series(1, 2000) i
  JOIN forums f ON f.title = 'Forum ' || i % 10
  JOIN users u ON u.username = 'resident' || 1 + (i * 37) % 5000;
INSERT INTO posts (topic_id, user_id, username, content, date_created)
  SELECT t.id, u.id, u.username, 'Dear neighbours, this is reply **' || k || '**. '
    || repeat('The lights in the lobby went out again & the <gate> is slow. ', 5)
    || E'\\n\\n* first point\\n* second point with [a link](https://example.org/)\\n\\nThank you!',
    t.date_created + interval '1 minute' * k
  FROM topics t CROSS JOIN generate_series(1, 20) k
  JOIN users u ON u.username = 'resident' || 1 + (t.id * 131 + k * 17) % 5000
  WHERE t.title LIKE 'Topic %' ORDER BY t.id, k;
UPDATE topics t SET first_post_id = x.a, last_post_id = x.b, last_updated = x.d FROM
  (SELECT topic_id, min(id) a, max(id) b, max(date_created) d FROM posts GROUP BY topic_id) x
  WHERE x.topic_id = t.id;
UPDATE users u SET post_count = x.n FROM
  (SELECT user_id, count(*) n FROM posts GROUP BY user_id) x WHERE x.user_id = u.id;
UPDATE forums f SET topic_count = x.topics, post_count = x.posts, last_post_id = p.id,
    last_post_user_id = p.user_id, last_post_title = t.title, last_post_username = p.username,
    last_post_created = p.date_created
  FROM (SELECT t.forum_id, count(DISTINCT t.id) topics, count(p.id) posts, max(p.id) newest
    FROM topics t JOIN posts p ON p.topic_id = t.id GROUP BY t.forum_id) x
  JOIN posts p ON p.id = x.newest JOIN topics t ON t.id = p.topic_id WHERE x.forum_id = f.id;
"""
_INDEXES = """
CREATE INDEX mended_posts ON posts (topic_id, id);
CREATE INDEX mended_topics ON topics (forum_id, last_updated);
"""


@dataclass(frozen=True)
class FlaskBB:
    """An installed FlaskBB with its data. `env`: what its programs need in their environment."""

    programs: Path
    folder: Path
    url: sa.URL
    # Nothing of ours is in its way.
    env: Mapping[str, str] = field(default_factory=lambda: {"PYTHONPATH": ""})

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve it with two workers; yield its address."""
        port = free_port()
        command: list[str | Path] = [self.programs / "gunicorn", "-w", "2"]
        command += ["-b", f"127.0.0.1:{port}", "wsgi_bench:app"]
        with served(command, port, self.env, self.folder) as base:
            yield base

    def mended(self) -> "FlaskBB":
        """Return a copy over a copy of the database, with two faults and its search index less."""
        folder = self.folder / "mended"
        package = next((self.programs.parent / "lib").glob("python3*/site-packages/flaskbb"))
        shutil.copytree(package, folder / "flaskbb")
        views = folder / "flaskbb" / "forum" / "views.py"
        newest = "db.select(User).order_by(User.id.desc())"
        if newest not in (shipped := views.read_text()):
            raise RuntimeError("FlaskBB is not as it was: the newest user is asked for otherwise")
        views.write_text(shipped.replace(newest, f"{newest}.limit(1)"))
        url = self.url.set(database=f"{self.url.database}_mended")
        execute(
            self.url.set(database="postgres"),
            f"CREATE DATABASE {url.database} TEMPLATE {self.url.database}",
        )
        execute(url, _INDEXES)
        made = FlaskBB(self.programs, folder, url, {"PYTHONPATH": str(folder)})
        made.configure(indexing=False)
        return made

    def thread(self) -> tuple[int, int]:
        """Return a forum and a topic in it."""
        text = "SELECT forum_id, id FROM topics WHERE title LIKE 'Topic 1000 %'"
        with connected(self.url) as connection:
            row = connection.execute(sa.text(text)).one()
            return row[0], row[1]

    def configure(self, *, indexing: bool) -> None:
        """Write what it is started with."""
        (self.folder / "logs").mkdir(exist_ok=True)
        (self.folder / "instance").mkdir(exist_ok=True)
        config, at = self.folder / "flaskbb.cfg", str(self.folder / "instance")
        url = self.url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
        text = _CONFIG.format(
            url=url,
            logs=str(self.folder / "logs"),
            index=str(self.folder / "index"),
            indexing=indexing,
        )
        config.write_text(text)
        (self.folder / "wsgi_bench.py").write_text(_WSGI.format(config=str(config), at=at))

    def fill(self) -> None:
        """Make its tables and its rows."""
        self.configure(indexing=True)
        config = self.folder / "flaskbb.cfg"
        install = [
            self.programs / "flaskbb",
            "--config",
            config,
            "install",
            "--force",
            "-u",
            "admin",
        ]
        install += ["-e", "admin@example.org", "-p", PASSWORD]
        done = subprocess.run(
            [str(part) for part in install],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        if "value too long for type character varying(120)" not in done.stderr:
            raise RuntimeError(f"FlaskBB was not installed as expected: {done.stderr[-1500:]}")
        execute(self.url, "ALTER TABLE users ALTER COLUMN password TYPE varchar(255)")
        finish = [str(self.programs / "python"), "-c", _FINISH]
        subprocess.run(finish, cwd=self.folder, env=self._environment(), check=True)
        execute(self.url, _ROWS)
        execute(self.url, "VACUUM ANALYZE")

    def _environment(self) -> dict[str, str]:
        path = f"{self.programs}:{os.environ['PATH']}"
        return {**os.environ, **self.env, "PATH": path}


def installed(folder: Path, url: sa.URL) -> FlaskBB | None:
    """Install FlaskBB below a folder, over an empty database; None without a Python for it."""
    python = next((found for name in _PYTHONS if (found := _working(name))), None)
    if python is None:
        return None
    environment = folder / "environment"
    if not (environment / "bin" / "flaskbb").exists():
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "-q", *PACKAGES]
        subprocess.run(pip, check=True)
        _make_annotations_lazy(environment)
    made = FlaskBB(environment / "bin", folder, url)
    made.fill()
    return made


def _working(name: str) -> str | None:
    """Return the program unless it is a name that a version manager left without one."""
    program = os.environ.get("BENCH_PYTHON") or shutil.which(name)
    if program is None:
        return None
    asked = [program, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"]
    return program if subprocess.run(asked, capture_output=True).returncode == 0 else None


def _make_annotations_lazy(environment: Path) -> None:
    """Let annotations be texts, as they are from Python 3.14 on."""
    line = "from __future__ import annotations\n"
    for file in (environment / "lib").glob("python3*/site-packages/flaskbb/**/*.py"):
        text = file.read_text()
        if "TYPE_CHECKING:" in text and line not in text:
            first = ast.parse(text).body[0]
            at = (first.end_lineno or 0) if isinstance(first, ast.Expr) else 0
            lines = text.splitlines(keepends=True)
            file.write_text("".join([*lines[:at], "\n", line, *lines[at:]]))


@contextlib.contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    """Yield a connection without a transaction, and leave none open behind it."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def execute(url: sa.URL, text: str) -> None:
    """Run SQL."""
    with connected(url) as connection:
        # As the server takes it: several statements, and no parameters.
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(text)


def sign_in(base: str) -> str:
    """Sign a member in through the form; return the Cookie header."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.addheaders = [("User-Agent", AGENT)]
    page = browser.open(f"{base}/auth/login").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None, "the form has no token"
    sent = {"csrf_token": token[1], "login": USER, "password": PASSWORD, "submit": "Login"}
    browser.open(f"{base}/auth/login", urllib.parse.urlencode(sent).encode()).read()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

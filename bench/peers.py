"""Our forum's pages against the bare page (the limit) and FlaskBB, all in one run on PostgreSQL.

    python -m bench.peers [--rounds N] [--seconds N]

Two gunicorn workers each on the same throw-away server, 16 connections, 5,000 users, 2,000 topics,
40,000 posts, 20 a page; what is compared takes turns. Goals: our topic list and topic page, signed
in, at least 0.20 of the bare page, 10 times FlaskBB's as shipped, 4 times with its faults mended.
Needs wrk, and for FlaskBB a Python of 3.12 or newer, on PATH or named by BENCH_PYTHON: where there
is none the run says so.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa

from bench.flaskbb import USER, FlaskBB, installed
from bench.flaskbb import sign_in as sign_in_there
from bench.serving import AGENT, Row, Target, free_port, run, served
from tests import services

ROOT = Path(__file__).parents[1]
USERS, TOPICS = 5_000, 2_000
LEAST_OF_LIMIT, TIMES_SHIPPED, TIMES_MENDED = 0.20, 10.0, 4.0
LIMIT = "bare page"
_NEIGHBOURS = (
    "INSERT INTO account (id, public_id, email, display_name, totp_last_step, state, is_demo,"
    " large_type, created_at) SELECT 5000000 + n, 'account-' || n, n || '@example.test',"
    " '业主' || n, 0, 'active', false, false, now() FROM generate_series(1, :number) n",
    "INSERT INTO household (id, public_id, created_at)"
    " SELECT 5000000 + n, 'household-' || n, now() FROM generate_series(1, :number) n",
    "INSERT INTO member (id, public_id, account_id, household_id, card_number, name, salutation,"
    " state, joined_on, created_at) SELECT 5000000 + n, 'member-' || n, 5000000 + n, 5000000 + n,"
    " (70000000 + n)::text, '业主' || n, t.salutation, 'active', t.joined_on, now()"
    " FROM generate_series(1, :number) n, member t WHERE t.id = :template",
    "INSERT INTO project_interest (member_id, project_id, created_at)"
    " SELECT 5000000 + n, :project, now() FROM generate_series(1, :number) n",
)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def database(server: sa.URL, name: str) -> sa.URL:
    """Make an empty database; return its address."""
    with sa.create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return server.set(database=name)


def text_of(url: sa.URL) -> str:
    """Return an address as settings have it."""
    return url.render_as_string(hide_password=False)


def fill_ours(url: sa.URL, home: Path) -> tuple[str, str, str]:
    """Fill a portal; return the forum's path, a thread in it, a signed-in owner's cookie."""
    from bench.forum_filling import fill, make_place
    from portal import create_app
    from portal.config import load_settings
    from portal.database import revisions
    from portal.extensions import db
    from tests import factories

    app = create_app(load_settings({"PORTAL_HOME": str(home), "PORTAL_DATABASE_URL": text_of(url)}))
    with app.app_context():
        revisions.upgrade()
        project, member = make_place()
        values = {"number": USERS, "template": member.id, "project": project.id}
        for text in _NEIGHBOURS:
            db.session.execute(sa.text(text), values)
        db.session.commit()
        path, thread = f"/p/{project.slug}/complaints/", fill(project, member, TOPICS)
        # As long as FlaskBB's: a sentence is not the work of a paragraph.
        db.session.execute(sa.text("UPDATE complaints_post SET body = repeat(body || ' ', 24)"))
        client = app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = AGENT
        factories.sign_in(client, member)
        db.session.commit()
        cookie = client.get_cookie("portal")
        assert cookie is not None
        db.session.remove()
        db.engine.dispose()
    return path, thread, f"{cookie.key}={cookie.value}"


def measure(folder: Path, server: sa.URL, rounds: int, seconds: int) -> dict[str, Row]:
    """Serve all of them, and load their pages in turn."""
    home = folder / "home"
    home.mkdir()
    ours, bare = database(server, "ours"), database(server, "bare")
    path, thread, cookie = fill_ours(ours, home)
    say("our forum is filled")
    env = {"LIMIT_DATABASE": text_of(bare), "PYTHONPATH": str(ROOT)}
    limit = [sys.executable, "-m", "bench.limit_app"]
    subprocess.run(limit, env={**os.environ, **env}, cwd=folder, check=True)
    (folder / "flaskbb").mkdir()
    flaskbb = installed(folder / "flaskbb", database(server, "flaskbb"))
    say("FlaskBB is filled" if flaskbb else "FlaskBB: no Python of 3.12 or newer, not measured")
    workers: list[str | Path] = [Path(sys.executable).parent / "gunicorn", "-w", "2", "-b"]
    with contextlib.ExitStack() as stack:
        port = free_port()
        command = [*workers, f"127.0.0.1:{port}", "bench.limit_app:app"]
        base = stack.enter_context(served(command, port, env, folder, "/pg20"))
        targets = [Target(LIMIT, f"{base}/pg20")]
        port = free_port()
        settings = {
            "PORTAL_HOME": str(home),
            "PORTAL_DATABASE_URL": text_of(ours),
            "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
            "PYTHONPATH": str(ROOT),
        }
        command = [*workers, f"127.0.0.1:{port}", "wsgi:app"]
        base = stack.enter_context(served(command, port, settings, folder, "/login"))
        pages = f"{base}{path}"
        targets.append(Target("our topic list", pages, cookie, 'class="site-bar'))
        targets.append(Target("our topic page", f"{pages}{thread}", cookie, 'class="site-bar'))
        if flaskbb is not None:
            for each, how in ((flaskbb, "as shipped"), (flaskbb.mended(), "mended")):
                targets += _theirs(each, stack.enter_context(each.serving()), how)
        return run(targets, rounds=rounds, seconds=seconds)


def _theirs(flaskbb: FlaskBB, base: str, how: str) -> list[Target]:
    cookie, (forum, topic) = sign_in_there(base), flaskbb.thread()
    pages = {"topic list": f"/forum/{forum}", "topic page": f"/topic/{topic}"}
    return [
        Target(f"FlaskBB {name}, {how}", base + path, cookie, USER) for name, path in pages.items()
    ]


def judged(rows: dict[str, Row]) -> bool:
    """Say every figure and whether our pages reach their goals; return whether all do."""
    say(f"{'':38}{'req/s':>9}{'of limit':>10}{'p50 ms':>9}{'p99 ms':>9}{'KB':>6}  clean  errors")
    limit = rows[LIMIT].median("rps")
    for name, row in rows.items():
        rps, errors = row.median("rps"), sum(each.errors for each in row.samples)
        clean = f"{sum(each.is_clean for each in row.samples)}/{len(row.samples)}"
        say(
            f"{name:38}{rps:9.1f}{rps / limit:10.1%}{row.median('p50'):9.1f}"
            f"{row.median('p99'):9.1f}{row.bytes / 1024:6.0f}  {clean:>5}  {errors}"
        )
    good = True
    for page in ("topic list", "topic page"):
        ours = rows[f"our {page}"].median("rps")
        goals = [("the bare page", limit, LEAST_OF_LIMIT)]
        for how, times in (("as shipped", TIMES_SHIPPED), ("mended", TIMES_MENDED)):
            theirs = rows.get(f"FlaskBB {page}, {how}")
            if theirs is not None:
                goals.append((f"FlaskBB {how}", theirs.median("rps"), times))
        for what, other, least in goals:
            reached = ours >= least * other
            good = good and reached
            verdict = "PASS" if reached else "FAIL"
            say(
                f"our {page}: {ours / max(other, 0.01):.2f} x {what}, at least {least:g}  {verdict}"
            )
    return good


def main() -> int:
    """Measure, and return 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, services.postgresql() as url:
        rows = measure(Path(folder), sa.make_url(url), chosen.rounds, chosen.seconds)
    return 0 if judged(rows) else 1


if __name__ == "__main__":
    sys.exit(main())

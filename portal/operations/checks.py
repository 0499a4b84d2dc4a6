"""What `portal doctor` looks at: each check tells what it found and what to do about it."""

import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.config import VARIABLES, Settings
from portal.database import revisions
from portal.database.owners import CORE
from portal.extensions import db
from portal.files.s3 import bucket_of
from portal.operations.findings import Finding, State
from portal.operations.parts import asset_problem, translation_problem
from portal.operations.plugins import not_of_plugins
from portal.operations.stored import DATABASE_CHECKS
from portal.plugin_host.queries import switched_on_somewhere

LEAST_FREE_MEGABYTES = 500
CLOCK_SECONDS = 60
ZONES = ("Asia/Shanghai", "Asia/Hong_Kong", "UTC")
_MEGABYTE = 1024 * 1024


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each check; those that need the database stop when it is away."""
    yield _variables(os.environ)
    yield _keys(settings)
    yield _uploads(settings)
    yield _assets()
    yield _translations()
    yield _time_zones()
    yield _redis(settings)
    yield from _modes(settings)
    database = _database(settings)
    yield database
    if database.state is State.FAIL:
        return
    tables = list(_tables())
    yield from tables
    if any(finding.state is State.FAIL for finding in tables):
        return
    for check in DATABASE_CHECKS:
        yield check(settings)


def _variables(environ: Mapping[str, str]) -> Finding:
    names = [name for name in environ if name.startswith("PORTAL_")]
    unknown = not_of_plugins(name for name in names if name not in VARIABLES)
    if unknown:
        return Finding(
            State.WARN,
            "variables",
            f"nothing reads {', '.join(unknown)}",
            "Correct the names; docs/operate.md lists them all.",
        )
    return Finding(State.OK, "variables", "every PORTAL_ name is known")


def _keys(settings: Settings) -> Finding:
    path = settings.home / "keys.json"
    if path.exists() and os.name == "posix" and path.stat().st_mode & 0o077:
        return Finding(
            State.WARN, "keys", f"others on this machine may read {path}", f"chmod 600 {path}"
        )
    return Finding(State.OK, "keys", f"{len(settings.data_keys)} data key(s); back up {path}")


def _uploads(settings: Settings) -> Finding:
    return _folder(settings) if settings.uploads_url is None else _bucket(settings.uploads_url)


def _bucket(url: str) -> Finding:
    """Put an object into the bucket and take it away again."""
    probe = bucket_of(url).object(f"probe-{secrets.token_hex(8)}.part")
    try:
        probe.write_from(io.BytesIO(b"portal doctor"))
        whole = probe.read_bytes() == b"portal doctor"
        probe.unlink()
    except OSError as error:
        return Finding(
            State.FAIL, "files", f"{url}: {error}", "Look at PORTAL_UPLOADS_URL and AWS_*."
        )
    if not whole:
        return Finding(State.FAIL, "files", f"{url} gives other bytes back", "Look at the bucket.")
    return Finding(State.OK, "files", f"{url} takes and gives")


def _folder(settings: Settings) -> Finding:
    try:
        settings.files_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.files_dir, suffix=".part"):
            pass
    except OSError as error:
        return Finding(
            State.FAIL,
            "files",
            f"{settings.files_dir} cannot be written ({error})",
            "Give PORTAL_HOME a folder that the portal owns.",
        )
    free = shutil.disk_usage(settings.files_dir).free // _MEGABYTE
    if free < LEAST_FREE_MEGABYTES:
        return Finding(
            State.WARN,
            "files",
            f"only {free} MB are free at {settings.files_dir}",
            "Make room before uploads fail.",
        )
    return Finding(State.OK, "files", f"{settings.files_dir} is writable, {free:,} MB free")


def _assets() -> Finding:
    problem = asset_problem()
    if problem:
        return Finding(
            State.FAIL, "browser files", problem, "Run: make setup (a wheel brings them along)"
        )
    return Finding(State.OK, "browser files", "style sheets, scripts and icons are there")


def _translations() -> Finding:
    problem = translation_problem()
    if problem:
        return Finding(State.FAIL, "languages", problem, "Run: make setup")
    return Finding(State.OK, "languages", "all catalogues are compiled")


def _time_zones() -> Finding:
    for name in ZONES:
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            return Finding(
                State.FAIL,
                "time zones",
                f"{name} is unknown",
                "Install the time zone data: pip install tzdata",
            )
    return Finding(State.OK, "time zones", "known")


def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding(State.OK, "Redis", "not used: limits are counted in each process")
    try:
        from redis import Redis
        from redis.exceptions import RedisError
    except ImportError:
        return Finding(
            State.FAIL,
            "Redis",
            "PORTAL_REDIS_URL is set, its library is missing",
            "Run: pip install 'member-club-portal[redis]'",
        )
    try:
        Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3).ping()
    except (RedisError, ValueError) as error:
        return Finding(
            State.FAIL,
            "Redis",
            f"does not answer ({type(error).__name__})",
            "Start it, or correct PORTAL_REDIS_URL.",
        )
    return Finding(State.OK, "Redis", "answers")


def _modes(settings: Settings) -> Iterator[Finding]:
    if settings.demo:
        yield Finding(
            State.WARN,
            "demo mode",
            "everybody knows the demo's password",
            "Leave PORTAL_DEMO out where real people sign in.",
        )
    if settings.development:
        yield Finding(
            State.WARN,
            "development mode",
            "errors show code to visitors",
            "Leave PORTAL_DEVELOPMENT out in production.",
        )
    if settings.base_url.startswith("http://") and "://127.0.0.1" not in settings.base_url:
        yield Finding(
            State.WARN,
            "address",
            f"{settings.base_url} is not encrypted",
            "Put a proxy with TLS in front and give PORTAL_BASE_URL=https://…",
        )
    if settings.sms_sender == "console" and not settings.demo:
        yield Finding(
            State.WARN,
            "text messages",
            "codes are written to the terminal, not sent",
            "Install a plugin that sends, and name it in PORTAL_SMS_SENDER.",
        )


def _database(settings: Settings) -> Finding:
    try:
        with db.engine.connect() as connection:
            there = connection.scalar(sa.select(sa.func.current_timestamp()))
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return Finding(
            State.FAIL,
            "database",
            f"cannot be reached: {cause}",
            "Start it, or correct PORTAL_DATABASE_URL.",
        )
    assert isinstance(there, datetime)
    aware = there if there.tzinfo else there.replace(tzinfo=UTC)
    apart = abs((clock.now() - aware).total_seconds())
    name = f"{db.engine.dialect.name} {version}"
    if apart > CLOCK_SECONDS:
        return Finding(
            State.WARN,
            "database",
            f"{name}; its clock differs by {apart:.0f} seconds",
            "Let both machines keep time by NTP.",
        )
    return Finding(State.OK, "database", f"{name} answers")


def _tables() -> Iterator[Finding]:
    problems = revisions.problems()
    for problem in problems:
        state = State.WARN if problem.missing else State.FAIL
        yield Finding(state, "tables", problem.sentence)
    behind = revisions.owners_behind()
    if CORE in behind:
        yield Finding(
            State.FAIL,
            "tables",
            "not at the revision of this program",
            "Run: portal db upgrade (or install the program that the database is from)",
        )
        return
    on = switched_on_somewhere() if behind else set()
    for plugin in sorted(behind):
        yield Finding(
            State.FAIL if plugin in on else State.WARN,
            "tables",
            f"those of the plugin {plugin} are not at its revision; it is closed until they are",
            "Run: portal db upgrade (or uninstall the package of a plugin that was removed)",
        )
    if not problems and not behind:
        yield Finding(State.OK, "tables", "at the newest revision")

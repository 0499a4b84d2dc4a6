"""The files of deploy/ together: nginx before gunicorn, PgBouncer before PostgreSQL.

Needs nginx and pgbouncer (Debian packages), therefore with `make test-faults` only.
"""

import contextlib
import http.client
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal import clock
from tests import services
from tests.plugin_host.installation import ROOT, Installation, bare

HOST = "club.example.com"
DEPLOY = ROOT / "deploy"
EMAIL = "admin@deploy.test"
PASSWORD = "heron-walks-past-nine-lanterns"
TOKEN = "only-for-the-test-of-the-deployment"


def program(name: str) -> Path:
    """Return where a server is installed; say how to get it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if not found:
        raise services.ServiceError(f"No {name}: sudo apt-get install {name}")
    return Path(found)


def written(target: Path, source: Path, **changes: str) -> Path:
    """Write a file of deploy/ with other addresses; each of them must be in it."""
    text = source.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    target.write_text(text, "utf-8")
    target.chmod(0o644)
    return target


def listens(port: int) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.connect()
        connection.close()
        return True
    return False


@contextlib.contextmanager
def running(command: list[str | Path], port: int, folder: Path, user: str | None) -> Iterator[None]:
    server = services.Server(command, folder, user, lambda _: listens(port))
    try:
        server.start()
        yield
    finally:
        server.stop()


@pytest.fixture
def pooled(tmp_path: Path) -> Iterator[tuple[Installation, str]]:
    """Yield an installation behind PgBouncer, and the address of its pool for long work."""
    user = services._unprivileged_user()
    with (
        services.postgresql() as url,
        bare(url, tmp_path, PORTAL_BASE_URL=f"https://{HOST}", PORTAL_PROXIES="1",
             PORTAL_METRICS_TOKEN=TOKEN) as env,
        services._temporary_folder(user) as folder,
    ):  # fmt: skip
        direct = sa.make_url(env["PORTAL_DATABASE_URL"])
        made = Installation(env, tmp_path).portal(
            "account", "create-admin", "--name", "Ada", "--email", EMAIL, "--password", PASSWORD,
            "--club", "Club",
        )  # fmt: skip
        assert made.returncode == 0, made.stdout
        port = services._free_port()
        changes = {
            "host=db.internal dbname=portal": f"host={direct.query['host']} "
            f"dbname={direct.database} user=postgres",
            "auth_type = scram-sha-256": "auth_type = any",
            "auth_file = /etc/pgbouncer/userlist.txt": "unix_socket_dir =",
            "listen_port = 6432": f"listen_port = {port}",
            "pool_size=20": "pool_size=2",
        }
        settings = written(folder / "pgbouncer.ini", DEPLOY / "pgbouncer.ini", **changes)
        address = f"postgresql://postgres@127.0.0.1:{port}"
        with running([program("pgbouncer"), settings], port, folder, user):
            env |= {"PORTAL_DATABASE_URL": f"{address}/portal", "PORTAL_POOLED": "1"}
            yield Installation(env, tmp_path), f"{address}/portal_work"


def certificate(folder: Path) -> None:
    """Write a certificate of one's own for the host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "club.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "club.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextlib.contextmanager
def gunicorn(env: dict[str, str], folder: Path) -> Iterator[int]:
    port = services._free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
    more = {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    with (folder / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(command, env=env | more, cwd=ROOT, stdout=log, stderr=log)
        try:
            for _ in range(600):
                if listens(port):
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
                assert process.poll() is None, (folder / "gunicorn.log").read_text()
            yield port
        finally:
            process.terminate()
            process.wait(60)


class Visitor:
    """Someone at nginx, who knows the host's certificate and keeps cookies."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.trusts = ssl.create_default_context(cafile=str(folder / "club.pem"))
        self.trusts.check_hostname = False
        self.cookies: dict[str, str] = {}

    def ask(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Send a GET, or a POST of `form`; return status, headers and text."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trusts)
        with contextlib.closing(connection):
            headers |= {"Host": HOST, "Referer": f"https://{HOST}/"}
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
            body = None
            if form is not None:
                body = urlencode(form)
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                for key, morsel in SimpleCookie(line).items():
                    assert morsel["secure"], key
                    self.cookies[key] = morsel.value
            return answer.status, answer.headers, answer.read().decode()


@pytest.mark.faults
def test_all_of_deploy_together(pooled: tuple[Installation, str], tmp_path: Path) -> None:
    installation, work = pooled
    seen = installation.portal("doctor")
    assert seen.returncode == 0, seen.stdout
    for address, limit in ((installation.env["PORTAL_DATABASE_URL"], "20s"), (work, "15min")):
        with psycopg.connect(address) as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == (limit,)

    plain, secure = services._free_port(), services._free_port()
    certificate(tmp_path)
    with gunicorn(installation.env, tmp_path) as port:
        changes = {
            "server web:8000": f"server 127.0.0.1:{port}",
            "pid /run/nginx.pid": f"pid {tmp_path}/nginx.pid",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
            "/etc/nginx/certificates": str(tmp_path),
        }
        settings = written(tmp_path / "nginx.conf", DEPLOY / "nginx.conf", **changes)
        command: list[str | Path] = [program("nginx"), "-c", settings, "-g", "daemon off;"]
        with running(command, secure, tmp_path, None):
            visit(plain, secure, tmp_path)


def visit(plain: int, secure: int, folder: Path) -> None:
    """Look in, sign in, come many at once."""
    connection = http.client.HTTPConnection("127.0.0.1", plain)
    with contextlib.closing(connection):
        connection.request("GET", "/login?x=1", headers={"Host": HOST})
        moved = connection.getresponse()
        assert moved.status == 301
        assert moved.headers["Location"] == f"https://{HOST}/login?x=1"
    visitor = Visitor(secure, folder)
    assert visitor.ask("/readyz")[0] == 200
    # Not through here, though the token is right.
    assert visitor.ask("/metrics", Authorization=f"Bearer {TOKEN}")[0] == 404
    status, headers, text = visitor.ask("/login?way=password")
    assert status == 200
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text)
    assert token is not None
    form = {"way": "password", "identity": EMAIL, "password": PASSWORD, "csrf_token": token[1]}
    assert visitor.ask("/login", form)[0] in (302, 303)
    with ThreadPoolExecutor(6) as many:
        answers = many.map(lambda _: visitor.ask("/me/security")[0], range(60))
        assert set(answers) == {200}


@pytest.mark.faults
def test_of_two_hosts_the_one_that_writes_is_found(tmp_path: Path) -> None:
    with services.postgresql() as url, bare(url, tmp_path) as env:
        direct = sa.make_url(env["PORTAL_DATABASE_URL"])
        away = f"127.0.0.1:{services._free_port()}"
        both = f"postgresql://postgres@/{direct.database}?host={away}&host={direct.query['host']}"
        for wanted, code in (("read-write", 0), ("standby", 1)):
            there = f"{both}&target_session_attrs={wanted}"
            done = Installation(env, tmp_path).portal("db", "check", PORTAL_DATABASE_URL=there)
            assert done.returncode == code, done.stdout

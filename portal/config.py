"""Settings of one installation, read from the environment once, refused by name when wrong."""

import base64
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from portal.leaked import is_list_of_hashes

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?", re.ASCII)
KEY_BYTES = 32
LAST_KEY_VERSION = 255
"""A ciphertext names its key's version in one byte."""
VARIABLES = frozenset(
    "PORTAL_" + name
    for name in (
        "HOME",
        "DATABASE_URL",
        "SECRET_KEY",
        "DATA_KEYS",
        "DATA_KEY_VERSION",
        "BASE_URL",
        "REDIS_URL",
        "PROXIES",
        "DEMO",
        "DEVELOPMENT",
        "LOG_LEVEL",
        "LOG_FORMAT",
        "MAIL_SENDER",
        "SMS_SENDER",
        "WECHAT_SENDER",
        "UPLOAD_MEGABYTES",
        "BLOCK_PLUGINS",
        "TRACE_HOOKS",
        "SLOW_MS",
        "METRICS_TOKEN",
        "UPLOADS_URL",
        "POOLED",
        "LEAKED_PASSWORDS",
    )
)
"""Everything that the environment may set; `portal doctor` points at other PORTAL_ names."""
PLUGIN_VARIABLES = "PORTAL_PLUGIN_"
"""What the variables of plugins' secrets begin with; a plugin's name and a setting's key follow."""


class SettingsError(Exception):
    """A setting has a value that the portal cannot use; the text names variable and remedy."""


@dataclass(frozen=True)
class Settings:
    """Everything an installation may set; docs/operate.md lists the variables."""

    home: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    data_keys: Mapping[int, bytes] = field(repr=False)
    data_key_version: int | None = None
    keys_kept: bool = False
    base_url: str = "http://127.0.0.1:8000"
    redis_url: str | None = field(default=None, repr=False)
    proxies: int = 0
    demo: bool = False
    development: bool = False
    testing: bool = False
    log_level: str = "INFO"
    log_format: str = "text"
    mail_sender: str = field(default="console", repr=False)
    sms_sender: str = "console"
    wechat_sender: str = "console"
    upload_megabytes: int = 12
    block_plugins: frozenset[str] = frozenset()
    trace_hooks: bool = False
    slow_ms: int = 500
    metrics_token: str | None = field(default=None, repr=False)
    uploads_url: str | None = None
    pooled: bool = False
    leaked_passwords: Path | None = None
    plugin_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def files_dir(self) -> Path:
        """Where uploaded bytes lie."""
        return self.home / "files"

    @property
    def secure_cookies(self) -> bool:
        """Cookies are marked Secure when the portal is reached by https."""
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read PORTAL_* variables; keys that are not given are made once and kept in PORTAL_HOME.

    Raises SettingsError naming the variable and the values it takes.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("PORTAL_HOME") or "var").resolve()
    kept = _keys_of(home)
    data_keys = _data_keys(env.get("PORTAL_DATA_KEYS") or kept["data_keys"])
    return Settings(
        home=home,
        database_url=_database_url(env, home),
        secret_key=_secret_key(env, kept),
        data_keys=data_keys,
        data_key_version=_data_key_version(env, data_keys),
        keys_kept=not env.get("PORTAL_DATA_KEYS"),
        base_url=_base_url(env),
        redis_url=_redis_url(env),
        proxies=_number(env, "PORTAL_PROXIES", 0, low=0, high=5),
        demo=_flag(env, "PORTAL_DEMO"),
        development=_flag(env, "PORTAL_DEVELOPMENT"),
        log_level=_choice(env, "PORTAL_LOG_LEVEL", "INFO", LOG_LEVELS),
        log_format=_choice(env, "PORTAL_LOG_FORMAT", "text", LOG_FORMATS),
        mail_sender=_sender(env, "PORTAL_MAIL_SENDER", smtp=True),
        sms_sender=_sender(env, "PORTAL_SMS_SENDER"),
        wechat_sender=_sender(env, "PORTAL_WECHAT_SENDER"),
        upload_megabytes=_number(env, "PORTAL_UPLOAD_MEGABYTES", 12, low=1, high=100),
        block_plugins=_names(env, "PORTAL_BLOCK_PLUGINS"),
        trace_hooks=_flag(env, "PORTAL_TRACE_HOOKS"),
        slow_ms=_number(env, "PORTAL_SLOW_MS", 500, low=0, high=60_000),
        metrics_token=_metrics_token(env),
        uploads_url=_uploads_url(env),
        pooled=_flag(env, "PORTAL_POOLED"),
        leaked_passwords=_leaked_passwords(env),
        plugin_secrets={name: env[name] for name in env if name.startswith(PLUGIN_VARIABLES)},
    )


def with_kept_keys(settings: Settings) -> Settings:
    """Return `settings` with the data keys that keys.json holds by now, if they are kept there."""
    if not settings.keys_kept:
        return settings
    return replace(settings, data_keys=_data_keys(_keys_of(settings.home)["data_keys"]))


def add_kept_key(settings: Settings) -> int:
    """Add a random data key to keys.json, and return its version; the file is replaced as a whole.

    Raises SettingsError when the keys come from the environment, or there is no further version.
    """
    if not settings.keys_kept:
        raise SettingsError(
            "PORTAL_DATA_KEYS holds the keys: add VERSION:KEY to it (docs/operate.md, Keys)."
        )
    path = settings.home / "keys.json"
    kept = _read_keys(path)
    version = max(_data_keys(kept["data_keys"])) + 1
    if version > LAST_KEY_VERSION:
        raise SettingsError(f"keys.json has a key of version {LAST_KEY_VERSION}: the last there is")
    kept["data_keys"] += f",{version}:{_new_key()}"
    with tempfile.NamedTemporaryFile("w", dir=settings.home, suffix=".part", delete=False) as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
    return version


def _new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _keys_of(home: Path) -> dict[str, str]:
    """Return the keys kept in the home folder, making them at the first start."""
    path = home / "keys.json"
    if path.exists():
        return _read_keys(path)
    keys = {
        "secret_key": secrets.token_urlsafe(KEY_BYTES),
        "data_keys": "1:" + _new_key(),
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Readable by its owner only, and complete when it appears: several workers may start at
        # once, and the first one's keys are everybody's.
        with tempfile.NamedTemporaryFile("w", dir=home, suffix=".part") as file:
            json.dump(keys, file)
            file.flush()
            os.link(file.name, path)
    except FileExistsError:
        return _read_keys(path)
    except OSError as error:
        raise SettingsError(
            f"PORTAL_HOME={home} cannot be written ({error}). Give a folder that the portal owns."
        ) from error
    return keys


def _read_keys(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text("utf-8"))
        return {name: str(kept[name]) for name in ("secret_key", "data_keys")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} in PORTAL_HOME cannot be read ({type(error).__name__}). Restore it from a "
            "backup: without it, stored phone numbers cannot be decrypted."
        ) from error


def _database_url(env: Mapping[str, str], home: Path) -> str:
    url = env.get("PORTAL_DATABASE_URL") or f"sqlite:///{home / 'portal.sqlite3'}"
    for given, driver in (
        ("postgres://", "postgresql+psycopg://"),
        ("postgresql://", "postgresql+psycopg://"),
    ):
        if url.startswith(given):
            url = driver + url.removeprefix(given)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError(
            f"PORTAL_DATABASE_URL begins with {url.partition('/')[0]!r}: give sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME."
        )
    if url.startswith("sqlite:///"):
        _check_folder(url.removeprefix("sqlite:///").partition("?")[0])
    else:
        _check_driver("PORTAL_DATABASE_URL", "psycopg", "postgres")
    return url


def _check_folder(file: str) -> None:
    if not Path(file).resolve().parent.is_dir():
        raise SettingsError(
            f"PORTAL_DATABASE_URL: the folder of {file} is missing. "
            "Make it, or give sqlite:///FILE in a folder that is there."
        )


def _check_driver(name: str, module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise SettingsError(
            f"{name} needs a package that is not installed: "
            f"pip install 'member-club-portal[{extra}]', or leave {name} out."
        )


def _secret_key(env: Mapping[str, str], kept: Mapping[str, str]) -> str:
    key = env.get("PORTAL_SECRET_KEY") or kept["secret_key"]
    if len(key) < KEY_BYTES:
        raise SettingsError(
            f"PORTAL_SECRET_KEY has {len(key)} characters: give at least {KEY_BYTES}, at random."
        )
    return key


def _metrics_token(env: Mapping[str, str]) -> str | None:
    token = env.get("PORTAL_METRICS_TOKEN") or None
    if token is not None and (len(token) < KEY_BYTES or not token.isascii()):
        raise SettingsError(
            f"PORTAL_METRICS_TOKEN has {len(token)} characters: "
            f"give at least {KEY_BYTES} of ASCII, at random."
        )
    return token


def _data_keys(text: str) -> dict[int, bytes]:
    """Parse "1:<base64 of 32 bytes>,2:…"; the highest version encrypts, all of them decrypt."""
    keys: dict[int, bytes] = {}
    for part in text.split(","):
        version, _, encoded = part.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
            number = int(version)
        except ValueError:
            raise SettingsError(f"PORTAL_DATA_KEYS: {_KEYS_FORM}.") from None
        if len(key) != KEY_BYTES or not 1 <= number <= LAST_KEY_VERSION:
            raise SettingsError(f"PORTAL_DATA_KEYS: {_KEYS_FORM}.")
        keys[number] = key
    return keys


_KEYS_FORM = (
    "give VERSION:KEY[,VERSION:KEY], VERSION from 1 to 255, KEY 32 bytes in URL-safe base64"
)


def _data_key_version(env: Mapping[str, str], keys: Mapping[int, bytes]) -> int | None:
    given = env.get("PORTAL_DATA_KEY_VERSION")
    if given and given not in map(str, keys):
        raise SettingsError(
            f"PORTAL_DATA_KEY_VERSION: give one of {', '.join(map(str, sorted(keys)))}, "
            "the versions of the data keys."
        )
    return int(given) if given else None


def _base_url(env: Mapping[str, str]) -> str:
    url = (env.get("PORTAL_BASE_URL") or "http://127.0.0.1:8000").rstrip("/")
    if not url.startswith(("http://", "https://")) or len(url.split("://")[1]) == 0:
        raise SettingsError(f"PORTAL_BASE_URL={url!r}: give the address owners use, https://HOST.")
    return url


def _redis_url(env: Mapping[str, str]) -> str | None:
    url = env.get("PORTAL_REDIS_URL") or None
    if url and not url.startswith(("redis://", "rediss://")):
        raise SettingsError("PORTAL_REDIS_URL: give redis://HOST:PORT/NUMBER, or leave it out.")
    if url:
        _check_driver("PORTAL_REDIS_URL", "redis", "redis")
    return url


def _leaked_passwords(env: Mapping[str, str]) -> Path | None:
    given = env.get("PORTAL_LEAKED_PASSWORDS")
    if not given:
        return None
    if not is_list_of_hashes(Path(given)):
        raise SettingsError(
            f"PORTAL_LEAKED_PASSWORDS={given}: give a sorted file of SHA-1 hashes, HASH:COUNT a "
            "line, as the downloader of Have I Been Pwned writes it."
        )
    return Path(given)


def _uploads_url(env: Mapping[str, str]) -> str | None:
    url = env.get("PORTAL_UPLOADS_URL") or None
    if url and not _BUCKET.fullmatch(url):
        # Somebody may have put a key into it: it is not repeated.
        raise SettingsError(
            "PORTAL_UPLOADS_URL cannot be used: give s3://BUCKET or s3://BUCKET/PREFIX, "
            "and keys and endpoint in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL."
        )
    if url:
        _check_driver("PORTAL_UPLOADS_URL", "boto3", "s3")
    return url


def _sender(env: Mapping[str, str], name: str, *, smtp: bool = False) -> str:
    """Return `console`, a plugin's name, or for mails the address of an SMTP server."""
    value = env.get(name) or "console"
    accepted = "console, or the name of a plugin that sends"
    if value.isascii() and value.replace("_", "").isalnum():
        return value
    if smtp:
        parts = urlsplit(value)
        try:
            known = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
        except ValueError:
            known = False
        if known:
            return value
        accepted = f"smtp://USER:PASSWORD@HOST:PORT, smtps://…, {accepted}"
    # The value may hold a password: it is not repeated.
    raise SettingsError(f"{name} cannot be used: give {accepted}.")


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name}={value!r}: give 1 or 0.")
    return value == "1"


def _number(env: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    value = env.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise SettingsError(f"{name}={value!r}: give a whole number from {low} to {high}.")
    return int(value)


def _choice(env: Mapping[str, str], name: str, default: str, accepted: tuple[str, ...]) -> str:
    value = env.get(name) or default
    if value not in accepted:
        raise SettingsError(f"{name}={value!r}: give one of {', '.join(accepted)}.")
    return value


def _names(env: Mapping[str, str], name: str) -> frozenset[str]:
    names = [part.strip() for part in env.get(name, "").split(",") if part.strip()]
    for part in names:
        if not part.isidentifier():
            raise SettingsError(f"{name}: {part!r} is no plugin's name; give NAME[,NAME].")
    return frozenset(names)

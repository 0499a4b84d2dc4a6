"""`plugin.toml`: the static facts of a plugin, read before any of its code runs."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portal.icons import check_icon

API_VERSION = 1
FILE_NAME = "plugin.toml"
NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")
RESERVED = frozenset(
    [
        "account",
        "accounts",
        "admin",
        "api",
        "audit",
        "centre",
        "claims",
        "club",
        "core",
        "demo",
        "files",
        "healthz",
        "home",
        "household",
        "i",
        "jobs",
        "join",
        "legal",
        "login",
        "logout",
        "me",
        "member",
        "members",
        "metrics",
        "notifications",
        "p",
        "permissions",
        "plugin",
        "plugins",
        "points",
        "portal",
        "profile",
        "project",
        "projects",
        "readyz",
        "roster",
        "search",
        "settings",
        "staff",
        "static",
        "system",
        "t",
        "tiers",
        "unit",
        "units",
    ]
)
ADDRESS_FORMS = frozenset({"project", "staff", "api", "centre", "me", "token"})
DEFAULT_FORMS = frozenset({"project", "staff", "api"})
_KEYS = frozenset(
    [
        "name",
        "title",
        "summary",
        "version",
        "api",
        "requires",
        "hooks",
        "models",
        "migrations",
        "addresses",
        "icon",
        "settings",
    ]
)


class ManifestError(Exception):
    """A plugin's manifest is missing or says something impossible; the text says what."""


@dataclass(frozen=True)
class Manifest:
    """What a plugin says of itself. `folder` is the package's; modules are relative to it."""

    name: str
    package: str
    folder: Path
    title: Mapping[str, str]
    summary: Mapping[str, str]
    version: str
    requires: frozenset[str]
    hooks: str
    models: str | None
    migrations: Path | None
    addresses: frozenset[str]
    icon: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Values of settings, not yet checked against what the plugin registers."""

    @property
    def slug(self) -> str:
        """The name as addresses write it: `-` for `_`."""
        return self.name.replace("_", "-")

    @property
    def table_prefix(self) -> str:
        """What every table of the plugin begins with."""
        return f"{self.name}_"

    def module(self, name: str) -> str:
        """Return the absolute name of a module of the plugin."""
        return f"{self.package}.{name}"


def read_manifest(name: str, package: str) -> Manifest:
    """Return the manifest of the plugin that entry point `name` = `package` announces.

    Raises ManifestError. No code of the plugin runs: the folder is found by its import spec.
    """
    folder = _folder_of(package)
    path = folder / FILE_NAME
    try:
        facts = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"{FILE_NAME} is missing beside the package {package}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{FILE_NAME} cannot be read: {error}") from error
    unknown = facts.keys() - _KEYS
    if unknown:
        raise ManifestError(f"{FILE_NAME} has unknown keys: {', '.join(sorted(unknown))}")
    _check_name(name, facts)
    _check_api(facts)
    migrations = _text(facts, "migrations", "")
    return Manifest(
        name=name,
        package=package,
        folder=folder,
        title=_texts(facts, "title"),
        summary=_texts(facts, "summary"),
        version=_text(facts, "version"),
        requires=frozenset(_names(facts, "requires")),
        hooks=_text(facts, "hooks", "hooks"),
        models=_text(facts, "models", "") or None,
        migrations=folder / migrations if migrations else None,
        addresses=DEFAULT_FORMS | _addresses(facts),
        icon=_icon(facts),
        settings=_table(facts, "settings"),
    )


def _folder_of(package: str) -> Path:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError) as error:
        raise ManifestError(f"the package {package} cannot be found: {error}") from error
    if spec is None or not spec.submodule_search_locations:
        raise ManifestError(f"the package {package} cannot be found")
    return Path(next(iter(spec.submodule_search_locations)))


def _check_name(name: str, facts: Mapping[str, Any]) -> None:
    if facts.get("name") != name:
        raise ManifestError(f"the entry point is {name!r}, {FILE_NAME} says {facts.get('name')!r}")
    check_name(name)


def check_name(name: str) -> None:
    """Raise ManifestError unless a plugin may have this name."""
    if not NAME.fullmatch(name):
        raise ManifestError(f"the name {name!r} is not of the form {NAME.pattern}")
    if name in RESERVED:
        raise ManifestError(f"the name {name!r} is reserved for the core")


def _check_api(facts: Mapping[str, Any]) -> None:
    if facts.get("api") != API_VERSION:
        raise ManifestError(f"written for API {facts.get('api')!r}; this portal has {API_VERSION}")


def _text(facts: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = facts.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ManifestError(f"{key} must be a text")
    return value


def _texts(facts: Mapping[str, Any], key: str) -> Mapping[str, str]:
    value = facts.get(key)
    if not isinstance(value, dict) or not value.get("zh_Hans_CN"):
        raise ManifestError(f"{key} must be a table of texts by language, zh_Hans_CN among them")
    if not all(isinstance(text, str) for text in value.values()):
        raise ManifestError(f"{key} must be a table of texts by language")
    return value


def _icon(facts: Mapping[str, Any]) -> str:
    name = _text(facts, "icon", "puzzle")
    try:
        check_icon(name)
    except ValueError as error:
        raise ManifestError(str(error)) from None
    return name


def _table(facts: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = facts.get(key, {})
    if not isinstance(value, dict):
        raise ManifestError(f"[{key}] must be a table")
    return value


def _names(facts: Mapping[str, Any], key: str) -> list[str]:
    value = facts.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ManifestError(f"{key} must be a list of names")
    return value


def _addresses(facts: Mapping[str, Any]) -> frozenset[str]:
    declared = frozenset(_names(facts, "addresses"))
    if declared - ADDRESS_FORMS:
        raise ManifestError(f"addresses may be {', '.join(sorted(ADDRESS_FORMS))}")
    return declared

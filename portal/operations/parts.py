"""Whether the parts that set-up makes are there: browser files and compiled catalogues."""

from pathlib import Path

import portal
from portal.i18n import LANGUAGES
from portal.paths import resource_dir

STATIC = Path(portal.__file__).parent / "static"
NEEDED = (
    "vendor/bootstrap.min.css",
    "vendor/htmx.min.js",
    "vendor/icons.svg",
    "theme.css",
    "theme-staff.css",
    "portal.css",
    "portal.js",
)
SOURCE_LANGUAGE = "en"
"""Texts in the code are English: there is nothing to compile for it."""


def asset_problem() -> str | None:
    """Return which browser files are missing, in words; None when all are there."""
    missing = [name for name in NEEDED if not (STATIC / name).is_file()]
    return f"missing: {', '.join(missing)}" if missing else None


def translation_problem() -> str | None:
    """Return which catalogue is missing or older than its source; None when all are fine."""
    for language in LANGUAGES:
        if language == SOURCE_LANGUAGE:
            continue
        folder = resource_dir("translations") / language / "LC_MESSAGES"
        compiled, source = folder / "messages.mo", folder / "messages.po"
        if not compiled.is_file():
            return f"{language} is not compiled"
        if source.is_file() and source.stat().st_mtime > compiled.stat().st_mtime:
            return f"{language} is older than its source"
    return None

"""`portal plugin new`: a plugin that works, to be changed into one's own.

The files of `files/` are filled in with `[[ name ]]` and the like; the catalogues are made here,
compiled too, so that nothing but the portal is needed to run what is made.
"""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po
from jinja2 import Environment, StrictUndefined

from portal.plugin_host.manifest import API_VERSION, ManifestError, check_name
from portal.plugin_host.scaffold.texts import PLURALS, TEXTS
from portal.plugin_host.tables import core_table_below

FILES = Path(__file__).parent / "files"
SUFFIX = ".tmpl"
LONGEST_TITLE = 40


class ScaffoldError(Exception):
    """The plugin cannot be made; the text says why."""


@dataclass(frozen=True)
class Names:
    """What a new plugin is called. `core`: the newest revision of the portal's own tables."""

    name: str
    title: str
    title_zh: str
    title_hant: str
    distribution: str
    package: str
    core: str

    @property
    def slug(self) -> str:
        """The name as addresses write it."""
        return self.name.replace("_", "-")


def checked_name(word: str) -> str:
    """Return the plugin's name of what was typed (`pool-booking`); raise ScaffoldError."""
    name = word.replace("-", "_")
    try:
        check_name(name)
    except ManifestError as error:
        raise ScaffoldError(f"{error}.") from error
    taken = core_table_below(f"{name}_")
    if taken:
        raise ScaffoldError(f"The portal has a table {taken}: choose another name.")
    return name


def checked_title(text: str) -> str:
    """Return a title that can stand in Python, in TOML and in templates; raise ScaffoldError."""
    if not text.strip() or len(text) > LONGEST_TITLE or set(text) & set('"\\{}%[]<>&\n\r'):
        raise ScaffoldError(f"A title has at most {LONGEST_TITLE} letters, no quotes or brackets.")
    return text.strip()


def package_of(distribution: str) -> str:
    """Return the package of a distribution (`portal-pool` is `portal_pool`); raise
    ScaffoldError."""
    package = distribution.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", package) or keyword.iskeyword(package):
        raise ScaffoldError("A distribution is called with a-z, 0-9 and -, a letter first.")
    if package in ("portal", "plugins", "tests"):
        raise ScaffoldError(f"{package} is taken: choose another name for the distribution.")
    return package


def make_distribution(names: Names, folder: Path) -> Path:
    """Write a distribution of its own below `folder`; return where. Raises ScaffoldError."""
    top = _fresh(folder / names.distribution)
    _write(names, "", top, only=("pyproject.toml", "babel.cfg"))
    _write(names, "package", top / names.package)
    _write(names, "tests", top / "tests")
    _write_catalogues(names, top / names.package / "translations")
    return top


def make_bundled(names: Names, checkout: Path) -> Path:
    """Write a plugin of a checkout of the portal; return where. Raises ScaffoldError."""
    if not (checkout / "plugins").is_dir() or not (checkout / "tests" / "plugins").is_dir():
        raise ScaffoldError(f"{checkout} is no checkout of the portal.")
    top = _fresh(checkout / "plugins" / names.name)
    tests = _fresh(checkout / "tests" / "plugins" / names.name)
    _write(names, "package", top)
    _write(names, "tests", tests)
    _write(names, "bundled", tests)
    # Only the outermost conftest.py may name plugins of pytest, and that of the checkout does.
    (tests / "conftest.py").write_text(f'"""The tests of {names.name}."""\n', "utf-8")
    (tests / "__init__.py").touch()
    _write_catalogues(names, top / "translations")
    return top


def _fresh(folder: Path) -> Path:
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already.")
    return folder


def _write(names: Names, source: str, target: Path, *, only: tuple[str, ...] = ()) -> None:
    environment = Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Python and templates, of words that were checked
    )
    words: Mapping[str, object] = {**vars(names), "slug": names.slug, "api": API_VERSION}
    base = FILES / source
    for path in sorted(base.rglob(f"*{SUFFIX}")):
        place = path.relative_to(base).as_posix().removesuffix(SUFFIX)
        if only and place not in only:
            continue
        place = place.replace("templates/name/", f"templates/{names.name}/")
        place = place.replace(
            "migrations/first.py", f"migrations/{names.name}_0001_first_tables.py"
        )
        made = target / place
        made.parent.mkdir(parents=True, exist_ok=True)
        text = environment.from_string(path.read_text("utf-8")).render(words)
        made.write_text(text, "utf-8")


def _write_catalogues(names: Names, folder: Path) -> None:
    titles = {"zh_Hans_CN": names.title_zh, "zh_Hant": names.title_hant}
    for number, (language, title) in enumerate(titles.items()):
        catalogue = Catalog(locale=language, fuzzy=False)
        texts = {names.title: title} | {key: each[number] for key, each in TEXTS.items()}
        for text, translated in texts.items():
            catalogue.add(text, translated)
        for both, each in PLURALS.items():
            catalogue.add(both, (each[number],))
        place = folder / language / "LC_MESSAGES"
        place.mkdir(parents=True)
        with (place / "messages.po").open("wb") as file:
            write_po(file, catalogue, width=100)
        with (place / "messages.mo").open("wb") as file:
            write_mo(file, catalogue)

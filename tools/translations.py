"""Keep the message catalogues in step with the source.

English is the source language: a msgid is the English text, and there is no English catalogue.
The core's catalogues are in translations/, a plugin's in plugins/<name>/translations/.

    python -m tools.translations update             extract, add new entries, drop unused ones
    python -m tools.translations fill LOCALE FILE   put {msgid: msgstr} from a JSON file in
    python -m tools.translations hant               empty zh_Hant entries from zh_Hans_CN
    python -m tools.translations check              exit 1 and list what is missing or wrong
    python -m tools.translations compile            write the .mo files
"""

import argparse
import contextlib
import fcntl
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

from portal.plugin_host.catalogues import check_text

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILE = ROOT / ".cache" / "translations.lock"
HANT_OVERRIDES = ROOT / "tools" / "hant_overrides.json"
LOCALES = ("zh_Hans_CN", "zh_Hant")
HANS, HANT = LOCALES
CORE = "core"

KEYWORDS: dict[str, Any] = {
    "_": None,
    "_l": None,
    "lazy": None,  # portal.i18n
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
JINJA_OPTIONS = {"encoding": "utf-8", "silent": "false", "newstyle_gettext": "true"}
METHODS = [
    ("**/tests/**", "ignore"),
    ("**/static/**", "ignore"),
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**.html", "jinja2"),
    ("**.txt", "jinja2"),
]
OPTIONS = {pattern: JINJA_OPTIONS for pattern, method in METHODS if method == "jinja2"}
PLACEHOLDER = re.compile(r"%\(\w+\)[#0 +-]*\d*(?:\.\d+)?[a-zA-Z]|%[sdrfg]|\{\w*\}")
# Dates and tool versions would change every catalogue at every run.
VOLATILE_HEADER = re.compile(
    rb'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team'
    rb"|Report-Msgid-Bugs-To|Project-Id-Version): .*\n",
    re.MULTILINE,
)
CONTEXT_SEPARATOR = "\x04"  # as in .mo files: context, separator, msgid


@dataclass(frozen=True)
class Owner:
    """The core or one plugin: where its texts are and where its catalogues lie."""

    name: str
    sources: tuple[Path, ...]
    catalogues: Path

    def po(self, locale: str) -> Path:
        """Return the path of the catalogue for ``locale``."""
        return self.catalogues / locale / "LC_MESSAGES" / "messages.po"


def owners() -> list[Owner]:
    """Return the core and every plugin of the checkout."""
    found = [Owner(CORE, (ROOT / "portal", ROOT / "templates"), ROOT / "translations")]
    for manifest in sorted((ROOT / "plugins").glob("*/plugin.toml")):
        folder = manifest.parent
        found.append(Owner(folder.name, (folder,), folder / "translations"))
    return found


def extract(owner: Owner) -> Catalog:
    """Return a template catalogue with every text of the owner's source."""
    template = Catalog(fuzzy=False)
    for source in owner.sources:
        for file, _, message, comments, context in extract_from_dir(
            source,
            METHODS,
            OPTIONS,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            place = (source.relative_to(ROOT) / file).as_posix()
            template.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return template


def texts_of(owner: Owner) -> Catalog:
    """Return the texts that the owner translates.

    A plugin leaves to core what core says, too, but for what it was given words of its own for.
    """
    template = extract(owner)
    if owner.name == CORE:
        return template
    core = next(each for each in owners() if each.name == CORE)
    own = {key_of(message) for message in entries(load(owner, HANS))}
    for message in entries(extract(core)):
        if key_of(message) not in own:
            template.delete(message.id, message.context)
    return template


def entries(catalogue: Catalog) -> list[Message]:
    """Return the catalogue's messages without its header."""
    return [message for message in catalogue if message.id]


def load(owner: Owner, locale: str) -> Catalog:
    """Read a catalogue; an empty one when there is no file yet."""
    path = owner.po(locale)
    if not path.exists():
        return Catalog(locale=locale, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def save(owner: Owner, locale: str, catalogue: Catalog) -> None:
    """Write a catalogue so that only changed texts change lines."""
    catalogue.fuzzy = False
    catalogue.header_comment = ""
    buffer = io.BytesIO()
    write_po(
        buffer, catalogue, width=98, sort_output=True, include_lineno=False, ignore_obsolete=True
    )
    replace_file(owner.po(locale), VOLATILE_HEADER.sub(b"", buffer.getvalue()).lstrip())


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` in one step, and not at all when nothing changes."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


@contextlib.contextmanager
def one_writer() -> Iterator[None]:
    """Let one process at a time change the catalogues."""
    LOCK_FILE.parent.mkdir(exist_ok=True)
    with LOCK_FILE.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forms(message: Message) -> tuple[str, ...]:
    """Return the translated forms: one, or one for each plural; empty strings when missing."""
    if isinstance(message.string, str):
        return (message.string,)
    return tuple(message.string or ("",))


def is_translated(message: Message) -> bool:
    """Tell whether every form has a text that a person has confirmed."""
    return all(forms(message)) and not message.fuzzy


def key_of(message: Message) -> str:
    """Return the name of a message in the JSON files of ``fill``."""
    msgid = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}{CONTEXT_SEPARATOR}{msgid}" if message.context else msgid


def placeholder_fault(message: Message) -> str | None:
    """Say how the placeholders of a translation differ from those of the source."""
    source = message.id if isinstance(message.id, str) else message.id[-1]
    wanted = sorted(set(PLACEHOLDER.findall(source)))
    for form in forms(message):
        found = sorted(set(PLACEHOLDER.findall(form)))
        if form and found != wanted:
            return f"placeholders {found or 'none'} instead of {wanted or 'none'}"
        try:
            check_text(source, form)
        except ValueError:
            return "a % that would be taken for a placeholder: write the full-width ％"
    return None


def merged(template: Catalog, old: Catalog, locale: str) -> Catalog:
    """Return the template's messages with the old translations, nothing guessed."""
    new = Catalog(locale=locale, fuzzy=False)
    for message in entries(template):
        known = old.get(message.id, message.context)
        keep = known is not None and known.id == message.id and not known.fuzzy
        new.add(
            message.id,
            known.string if keep and known is not None else None,
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known is not None else (),
            context=message.context,
        )
    return new


def update(owner: Owner) -> None:
    """Bring the owner's catalogues in step with its source. Needs the lock."""
    template = texts_of(owner)
    if not entries(template) and not owner.catalogues.exists():
        return
    buffer = io.BytesIO()
    write_po(buffer, template, sort_output=True, include_lineno=False)
    replace_file(owner.catalogues / "portal.pot", VOLATILE_HEADER.sub(b"", buffer.getvalue()))
    for locale in LOCALES:
        catalogue = merged(template, load(owner, locale), locale)
        save(owner, locale, catalogue)
        missing = sum(not is_translated(message) for message in entries(catalogue))
        print(f"{owner.name} {locale}: {len(catalogue)} texts, {missing} to translate")


def fill(owner: Owner, locale: str, texts: dict[str, str | list[str]]) -> list[str]:
    """Put translations in; return the faults of those left out. Needs the lock."""
    update(owner)
    catalogue = load(owner, locale)
    by_key = {key_of(message): message for message in entries(catalogue)}
    for each in entries(extract(owner)) if owner.name != CORE else ():
        # A word of core's that means something else here.
        if key_of(each) in texts and key_of(each) not in by_key:
            new = catalogue.add(
                each.id,
                locations=each.locations,
                auto_comments=each.auto_comments,
                context=each.context,
            )
            by_key[key_of(new)] = new
    faults = []
    for key, text in texts.items():
        message = by_key.get(key)
        if message is None:
            faults.append(f"{key!r}: no such text in the source of {owner.name}")
            continue
        fault = put(message, text, catalogue.num_plurals)
        if fault:
            faults.append(f"{key!r}: {fault}")
    save(owner, locale, catalogue)
    # Words that were added here are asked for in the other language, too.
    update(owner)
    return faults


def put(message: Message, text: str | list[str], plurals: int) -> str | None:
    """Set a message's translation, or leave it as it was and say what is wrong with the text."""
    given = [text] if isinstance(text, str) else list(text)
    expected = plurals if isinstance(message.id, tuple) else 1
    if len(given) != expected or not all(isinstance(form, str) and form for form in given):
        return f"{expected} non-empty text(s) expected, got {text!r}"
    before = message.string
    message.string = tuple(given) if isinstance(message.id, tuple) else given[0]
    fault = placeholder_fault(message)
    if fault:
        message.string = before
    else:
        message.flags.discard("fuzzy")
    return fault


def traditional() -> Callable[[str], str]:
    """Return the conversion from simplified to traditional Chinese with our own wording."""
    from opencc import OpenCC

    converter = OpenCC("s2twp")
    overrides: dict[str, str] = json.loads(HANT_OVERRIDES.read_text("utf-8"))
    # one pass, longest phrase first: a replacement is not replaced again
    phrases = re.compile("|".join(map(re.escape, sorted(overrides, key=len, reverse=True))))

    def convert(text: str) -> str:
        return phrases.sub(lambda found: overrides[found[0]], str(converter.convert(text)))

    return convert


def fill_traditional(owner: Owner, convert: Callable[[str], str]) -> None:
    """Fill the owner's empty zh_Hant texts from zh_Hans_CN. Needs the lock."""
    if not owner.po(HANT).exists():
        return
    simplified, catalogue = load(owner, HANS), load(owner, HANT)
    count = 0
    for message in entries(catalogue):
        model = simplified.get(message.id, message.context)
        if is_translated(message) or model is None or not is_translated(model):
            continue
        texts = tuple(convert(form) for form in forms(model))
        message.string = texts if isinstance(message.id, tuple) else texts[0]
        message.flags.discard("fuzzy")
        count += 1
    save(owner, HANT, catalogue)
    print(f"{owner.name} {HANT}: {count} texts filled from {HANS}")


def check(owner: Owner) -> list[str]:
    """Return what is missing or wrong in the owner's catalogues."""
    wanted = {(message.id, message.context) for message in entries(texts_of(owner))}
    faults = []
    for locale in LOCALES:
        path = owner.po(locale).relative_to(ROOT)
        catalogue = load(owner, locale)
        present = {(message.id, message.context): message for message in entries(catalogue)}
        for msgid, _ in sorted(wanted - present.keys(), key=repr):
            faults.append(f"{path}: missing {msgid!r} (run make translations)")
        for msgid, _ in sorted(present.keys() - wanted, key=repr):
            faults.append(f"{path}: no longer used {msgid!r} (run make translations)")
        for (msgid, _), message in present.items():
            if not all(forms(message)):
                faults.append(f"{path}: empty {msgid!r}")
            elif message.fuzzy:
                faults.append(f"{path}: fuzzy {msgid!r}")
            fault = placeholder_fault(message)
            if fault:
                faults.append(f"{path}: {fault} in {msgid!r}")
    return faults


def compile_catalogues(owner: Owner) -> None:
    """Write the owner's .mo files."""
    for po in sorted(owner.catalogues.glob("*/LC_MESSAGES/*.po")):
        with po.open("rb") as file:
            catalogue = read_po(file, locale=po.parts[-3])
        buffer = io.BytesIO()
        write_mo(buffer, catalogue)
        replace_file(po.with_suffix(".mo"), buffer.getvalue())


def chosen(name: str) -> list[Owner]:
    """Return the owner of that name, or all of them for "all"."""
    known = owners()
    found = [owner for owner in known if name in ("all", owner.name)]
    if not found:
        names = ", ".join(owner.name for owner in known)
        raise SystemExit(f"no owner {name!r}: there are {names}")
    return found


def report(faults: Iterable[str]) -> int:
    """Print faults and return the exit code."""
    listed = list(faults)
    for fault in listed:
        print(fault, file=sys.stderr)
    return 1 if listed else 0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.translations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("update", "hant", "check", "compile"):
        commands.add_parser(name).add_argument("--owner", default="all")
    filling = commands.add_parser("fill")
    filling.add_argument("locale", choices=LOCALES)
    filling.add_argument("file", type=Path, help="JSON: {msgid: msgstr}, plurals {msgid: [msgstr]}")
    filling.add_argument("--owner", default=CORE)
    return parser.parse_args(arguments)


def main() -> int:
    """Run the command line."""
    try:
        return run(parse())
    except TemplateSyntaxError as error:
        print(
            f"a template does not parse ({error}): python -m tools.lint_templates", file=sys.stderr
        )
        return 1


def run(options: argparse.Namespace) -> int:
    """Carry out one command and return the exit code."""
    selected = chosen(options.owner)
    if options.command == "check":
        return report(fault for owner in selected for fault in check(owner))
    with one_writer():
        if options.command == "fill":
            texts = json.loads(options.file.read_text("utf-8"))
            return report(fill(selected[0], options.locale, texts))
        if options.command == "hant":
            convert = traditional()
            for owner in selected:
                fill_traditional(owner, convert)
            return 0
        work = {"update": update, "compile": compile_catalogues}[options.command]
        for owner in selected:
            work(owner)
    return 0


if __name__ == "__main__":
    sys.exit(main())

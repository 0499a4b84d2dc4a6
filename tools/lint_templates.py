"""Check the templates for what the content security policy forbids and for missing alt texts.

Run by ``make lint`` as ``python -m tools.lint_templates [FILE...]``; prints ``file:line: fault``.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("templates", "portal/*/templates", "plugins/*/templates")
SUFFIXES = {".html", ".txt", ".xml", ".svg"}
# What the application itself loads: see portal/i18n.py.
EXTENSIONS = ["jinja2.ext.i18n"]

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
TAG = re.compile(r"""<([a-zA-Z][\w-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
ATTRIBUTE = re.compile(r"""([^\s"'=<>/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
UNSAFE_FILTER = re.compile(r"\|\s*safe\b|\bautoescape\s+false\b")

LOADING_ATTRIBUTES = {"src", "srcset", "poster", "data"}
LOADED_BY_HREF = {"link", "use", "image"}
FOREIGN = re.compile(r"(?:^|[\s,])(?:https?:)?//", re.IGNORECASE)


def blank(match: re.Match[str]) -> str:
    """Replace a match by spaces, line ends kept, so that positions stay."""
    return re.sub(r"[^\n]", " ", match[0])


def filler(match: re.Match[str]) -> str:
    """Replace an expression by letters of the same length: it may be an attribute's value."""
    return re.sub(r"[^\n]", "j", match[0])


def attributes_of(text: str) -> dict[str, str]:
    """Return the attributes of a start tag, names in lower case."""
    return {name.lower(): value.strip("\"'") for name, value in ATTRIBUTE.findall(text)}


def tag_faults(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with one start tag."""
    if "style" in attributes:
        yield "style= is blocked by the policy: use a class"
    for name in attributes:
        if name.startswith(("on", "hx-on")):
            yield f"{name}= runs inline script: put the handler into a .js file"
    if tag == "script" and not {"src", "nonce"} & attributes.keys():
        yield "inline <script> without nonce"
    if tag == "style" and "nonce" not in attributes:
        yield "inline <style> without nonce: put it into the theme"
    if tag == "img" and "alt" not in attributes:
        yield '<img> without alt (decoration has alt="")'
    for name, value in attributes.items():
        loads = name in LOADING_ATTRIBUTES or (name == "href" and tag in LOADED_BY_HREF)
        if loads and FOREIGN.search(value):
            yield f"{name}={value!r}: pages load nothing from other hosts"
        if value.lower().startswith("javascript:"):
            yield f"{name}= runs inline script"


def faults(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, fault) for one template."""
    try:
        Environment(extensions=EXTENSIONS, autoescape=True).parse(source)
    except TemplateSyntaxError as error:
        yield error.lineno, f"does not parse: {error.message}"
    bare = COMMENT.sub(blank, source)
    for match in UNSAFE_FILTER.finditer(bare):
        yield line_of(bare, match), "turns escaping off: return Markup from tested Python instead"
    markup = STATEMENT.sub(blank, EXPRESSION.sub(filler, bare))
    for match in TAG.finditer(markup):
        for fault in tag_faults(match[1].lower(), attributes_of(match[2])):
            yield line_of(markup, match), fault


def line_of(text: str, match: re.Match[str]) -> int:
    """Return the line on which a match begins."""
    return text.count("\n", 0, match.start()) + 1


def templates() -> Iterator[Path]:
    """Yield every template of the checkout."""
    for pattern in FOLDERS:
        for folder in sorted(ROOT.glob(pattern)):
            yield from (p for p in sorted(folder.rglob("*")) if p.suffix in SUFFIXES)


def main(arguments: list[str]) -> int:
    """Check the named files, or all templates, and return the exit code."""
    count = 0
    for path in [Path(argument).resolve() for argument in arguments] or templates():
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        for line, fault in sorted(faults(path.read_text("utf-8"))):
            print(f"{shown}:{line}: {fault}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

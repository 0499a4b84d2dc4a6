"""Markdown that staff write, as safe HTML."""

from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_cjk_friendly import cjk_friendly

_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote",
    "strong", "em", "s", "code", "pre", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel"}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("js-default", {"html": False, "linkify": False}).use(cjk_friendly)


@lru_cache(maxsize=1024)
def render_markdown(text: str) -> Markup:
    """Return `text` as HTML without scripts, pictures or styles; its highest heading is an h2.

    What was rendered last is kept: a thread that is read by many is rendered once a process.
    """
    parser = _parser()
    tokens = parser.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    lower_by = 2 - min((int(token.tag[1]) for token in headings), default=2)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) + lower_by, 6)}"
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(html, tags=_TAGS, url_schemes=_SCHEMES)
    return Markup(clean)  # noqa: S704 - nh3 let nothing but plain tags through

"""Write docs/plugins/hooks.md from the hooks' specifications: `python -m tools.hook_reference`.

The manual has a sample for each hook; this page says in one place what there is.
"""

import inspect
import re
from pathlib import Path

from portal.plugin_host import hookspecs

PAGE = Path(__file__).parents[1] / "docs" / "plugins" / "hooks.md"
HEAD = """# Hooks

Every hook there is, from the portal's own specifications (`python -m tools.hook_reference`
writes this page). Take the arguments that you need, by name; each link leads to when it runs, and
to a sample.
"""
GROUPS = {
    "Once at the start": "register_",
    "In the transaction that they may stop": "check_",
    "After the commit, in a job": "on_",
    "While a page is made, and for the whole installation": "",
}


def reference() -> str:
    """Return the page."""
    waiting = dict.fromkeys(hookspecs.RETURNS)
    text = HEAD
    for title, prefix in GROUPS.items():
        mine = [name for name in waiting if name.startswith(prefix)]
        text += f"\n## {title}\n\n| Hook | Arguments | Returns | |\n|---|---|---|---|\n"
        for name in sorted(mine):
            del waiting[name]
            text += _line(name)
    return text


def heading(name: str) -> str:
    """Return the heading that the manual gives a hook, without its marks."""
    signature = inspect.signature(getattr(hookspecs, name))
    arguments = ", ".join(
        f"{each.name}: {_plain(each.annotation)}" for each in signature.parameters.values()
    )
    return f"{name}({arguments}) -> {_plain(signature.return_annotation)}"


def _line(name: str) -> str:
    function = getattr(hookspecs, name)
    signature = inspect.signature(function)
    # As GitHub makes one of a heading.
    anchor = re.sub(r"[^\w -]", "", heading(name).lower()).replace(" ", "-")
    given = ", ".join(f"`{each}`" for each in signature.parameters)
    returned = _plain(signature.return_annotation).replace("|", "\\|")
    about = " ".join((function.__doc__ or "").split())
    return f"| [`{name}`](README.md#{anchor}) | {given} | `{returned}` | {about} |\n"


def _plain(annotation: object) -> str:
    """Return an annotation without the modules of its names."""
    return re.sub(r"[\w.]+\.(\w+)", r"\1", inspect.formatannotation(annotation))


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")

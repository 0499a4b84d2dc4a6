"""House rules that import-linter cannot see, read from the syntax of every module."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FEATURES = ("portal", "plugins")


def modules(*names: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the modules of these file names (all without) below the features."""
    for top in FEATURES:
        for path in sorted((ROOT / top).rglob("*.py")):
            if not names or path.name in names:
                yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and module of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def test_services_and_hooks_never_commit() -> None:
    found = [
        f"{path}:{line}"
        for path, tree in modules("service.py", "hooks.py", "queries.py")
        for line, name in calls(tree)
        if name.endswith("session.commit")
    ]
    assert found == []


def test_services_know_nothing_of_flask() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path, tree in modules("service.py")
        for line, name in imports(tree)
        if name.split(".")[0] in ("flask", "flask_login", "flask_wtf")
    ]
    assert found == []


def test_acts_take_keywords_only() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules("service.py")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and "actor" in {arg.arg for arg in [*node.args.args, *node.args.kwonlyargs]}
        and node.args.args
    ]
    assert found == []


ESTIMATES = {"expected", "chance"}
"""Columns of statistics: no amounts of anything."""


def test_money_and_points_are_never_floats() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if path.name == "models.py" or path.parent.name == "models"
        for column in ast.walk(tree)
        if isinstance(column, ast.AnnAssign) and ast.unparse(column.target) not in ESTIMATES
        for node in ast.walk(column)
        if isinstance(node, ast.Name) and node.id == "float"
    ]
    assert found == []


def test_templates_link_only_to_routes_that_exist(migrated_app: object) -> None:
    import re

    endpoints = {rule.endpoint for rule in migrated_app.url_map.iter_rules()}  # type: ignore[attr-defined]
    pattern = re.compile(r"""url_for\(\s*["']([a-z_]+\.[a-z_]+)["']""")
    found = [
        f"{path.relative_to(ROOT)}: {endpoint}"
        for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "portal").rglob("*.py")]
        for endpoint in pattern.findall(path.read_text("utf-8"))
        if endpoint not in endpoints
    ]
    assert found == []

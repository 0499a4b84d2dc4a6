"""The wheel, installed away from the checkout, brings everything that the portal needs."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PAGES = """
import json, pathlib, portal
from portal import create_app

client = create_app().test_client()
pages = {
    language: client.get("/login", headers={"Accept-Language": language})
    for language in ("en", "zh-CN", "zh-TW")
}
print(json.dumps({
    "package": str(pathlib.Path(portal.__file__).parent),
    "status": {language: page.status_code for language, page in pages.items()},
    "differ": len({page.text for page in pages.values()}),
    "assets": {
        name: client.get(f"/static/vendor/{name}").status_code
        for name in ("bootstrap.min.css", "htmx.min.js", "icons.svg")
    },
}))
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a program that knows nothing of the checkout; return what it prints."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=cwd, env={**outside, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def copy_checkout(target: Path) -> None:
    """Copy what a clone and set-up would hold, so that building leaves no trace here."""
    listed = run(
        "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT
    ).split("\0")
    vendored = (ROOT / "portal" / "static" / "vendor").glob("*.*")
    for path in [*(ROOT / name for name in listed if name), *vendored]:
        if path.is_file():
            copy = target / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it, without network, in an environment of its own.

    Its requirements are those of this environment, seen through a .pth file. Such a file does not
    run the .pth files of the folder it adds, so the editable installation stays out of sight.
    """
    folder = tmp_path_factory.mktemp("wheel")
    copy_checkout(folder / "source")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder / "dist"]
    run(*pip, *build, folder / "source", cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")

    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    target = ["--python", environment / "bin" / "python"]
    run(
        *pip, *target, "install", "--no-index", "--no-deps", "--ignore-installed", wheel, cwd=folder
    )
    return environment


def test_installed_wheel_serves_the_login_page(installation: Path, tmp_path: Path):
    home = {"PORTAL_HOME": str(tmp_path / "home")}
    assert "0." in run(installation / "bin" / "portal", "--version", cwd=tmp_path)
    run(installation / "bin" / "portal", "db", "upgrade", cwd=tmp_path, **home)
    checked = run(installation / "bin" / "portal", "plugin", "check", cwd=tmp_path, **home)
    assert "none in quarantine" in checked
    assert not checked.startswith("0 ")

    shown = run(installation / "bin" / "python", "-c", PAGES, cwd=tmp_path, **home)
    found = json.loads(shown.splitlines()[-1])
    assert Path(found["package"]).is_relative_to(installation)
    assert set(found["status"].values()) == {200}
    assert found["differ"] == 3, "the three languages show the same page: catalogues are missing"
    assert set(found["assets"].values()) == {200}


def test_wheel_holds_every_resource(installation: Path):
    (package,) = installation.glob("lib/python*/site-packages/portal")
    for inner, outer, pattern in (
        (package / "templates", ROOT / "templates", "*.html"),
        (package / "migrations", ROOT / "migrations", "*.py"),
        (package / "migrations", ROOT / "migrations", "*.ini"),
        (package, ROOT / "portal", "*.html"),
        (package / "static", ROOT / "portal" / "static", "*.*"),
    ):
        expected = {p.relative_to(outer) for p in outer.rglob(pattern) if p.name != ".stamp"}
        expected = {p for p in expected if "__pycache__" not in p.parts}
        present = {p.relative_to(inner) for p in inner.rglob(pattern)}
        assert expected - present == set()
    plugins = ROOT / "plugins"
    data = ("*.html", "*.toml", "*.svg", "*_0*.py", "README.md")
    expected = {p.relative_to(plugins) for pattern in data for p in plugins.rglob(pattern)}
    assert {p for p in expected if not (package.parent / "plugins" / p).is_file()} == set()
    for po in plugins.rglob("messages.po"):
        mo = po.relative_to(plugins).with_suffix(".mo")
        assert (package.parent / "plugins" / mo).is_file()
    catalogues = {p.name for p in (ROOT / "translations").iterdir() if p.is_dir()}
    for locale in catalogues:
        assert (package / "translations" / locale / "LC_MESSAGES" / "messages.mo").is_file()

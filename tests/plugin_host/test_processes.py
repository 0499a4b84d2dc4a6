"""Real processes on one database, and plugins that are really installed beside the portal."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_host.installation import Installation, Reader, installed, serving

BREAKING = """
from portal.sdk import MemberHome, hookimpl

@hookimpl
def member_home() -> MemberHome:
    raise RuntimeError("broken on purpose")
"""
LEAVING = "import sys\nsys.exit('left at import')\n"
KILLING = "import os\nos._exit(9)\n"


@pytest.fixture(scope="module")
def installation(database_url: str, tmp_path_factory: Any) -> Iterator[Installation]:
    """An installation with the demo, on a database of its own, with three toys installed."""
    with installed(database_url, tmp_path_factory.mktemp("installation")) as found:
        found.install("notes")
        found.install("breaking", BREAKING)
        found.install("leaving", LEAVING)
        yield found


@pytest.fixture(scope="module")
def urls(installation: Installation) -> Iterator[tuple[str, str]]:
    """Two servers on the one database."""
    with (
        serving(installation, "portal", "run") as one,
        serving(installation, "portal", "run") as other,
    ):
        yield one, other


@pytest.fixture(scope="module")
def owner(urls: tuple[str, str]) -> Reader:
    return Reader(urls[0]).sign_in("owner@demo.test")


@pytest.fixture(scope="module")
def administrator(urls: tuple[str, str]) -> Reader:
    return Reader(urls[0]).sign_in("admin@demo.test")


def test_a_switch_in_the_shell_is_seen_by_both(
    installation: Installation, urls: tuple[str, str], owner: Reader
) -> None:
    here, there = owner.at(urls[0]), owner.at(urls[1])
    assert [each.ask("/p/binjiang/notes/")[0] for each in (here, there)] == [404, 404]
    done = installation.portal("plugin", "enable", "notes", "--project", "binjiang")
    assert (done.returncode, done.stdout) == (0, "notes is on in binjiang.\n"), done.stderr
    for each in (here, there):
        assert each.ask("/p/binjiang/notes/") == (200, "wall of binjiang")
        assert "notes of binjiang" in each.ask("/p/binjiang/")[1]
        status, text = each.ask("/p/shanju/notes/")
        assert status == 404
        assert "便签" in text
    done = installation.portal("plugin", "disable", "notes", "--project", "binjiang")
    assert done.returncode == 0, done.stderr
    assert [each.ask("/p/binjiang/notes/")[0] for each in (here, there)] == [404, 404]


def test_a_switch_on_the_page_of_one_is_seen_by_the_other(
    urls: tuple[str, str], owner: Reader, administrator: Reader
) -> None:
    here, there = administrator.at(urls[0]), owner.at(urls[1])
    for _ in range(2):
        here.switch("notes", "binjiang", on=True)
        assert there.ask("/p/binjiang/notes/") == (200, "wall of binjiang")
        here.switch("notes", "binjiang", on=False)
        assert there.ask("/p/binjiang/notes/")[0] == 404


def test_a_plugin_that_breaks_leaves_the_page_whole(
    urls: tuple[str, str], owner: Reader, administrator: Reader
) -> None:
    administrator.switch("notes", "binjiang", on=True)
    administrator.switch("breaking", "binjiang", on=True)
    status, text = owner.at(urls[1]).ask("/p/binjiang/")
    assert status == 200
    assert "notes of binjiang" in text
    assert "没有加载出来" in text
    _, faults = administrator.at(urls[0]).ask("/centre/plugins/breaking")
    assert "member_home" in faults
    assert "broken on purpose" in faults
    reference = re.search(r'<span class="cap nb">(\w+)</span>', text)
    assert reference is not None
    assert reference[1] in faults
    administrator.switch("breaking", "binjiang", on=False)
    assert "没有加载出来" not in owner.at(urls[1]).ask("/p/binjiang/")[1]
    administrator.switch("notes", "binjiang", on=False)


@pytest.mark.once
def test_one_that_leaves_at_import_is_quarantined(
    installation: Installation, administrator: Reader
) -> None:
    listed = installation.portal("plugin", "list")
    assert listed.returncode == 0, listed.stderr
    assert "left at import" in listed.stdout
    assert "left at import" in administrator.ask("/centre/plugins")[1]
    checked = installation.portal("plugin", "check")
    assert checked.returncode == 1
    assert "leaving: SystemExit: left at import" in checked.stderr
    blocked = installation.portal("plugin", "check", PORTAL_BLOCK_PLUGINS="leaving")
    assert "leaving: blocked by PORTAL_BLOCK_PLUGINS" in blocked.stderr


@pytest.mark.once
def test_a_block_lets_the_portal_start_without_one_that_kills_it(
    installation: Installation, tmp_path: Path
) -> None:
    deadly = Installation(
        installation.env | {"PYTHONPATH": str(tmp_path / "site")}, tmp_path / "site"
    )
    deadly.site.mkdir()
    deadly.install("killing", KILLING)
    assert deadly.portal("plugin", "list").returncode == 9
    listed = deadly.portal("plugin", "list", PORTAL_BLOCK_PLUGINS="killing")
    assert listed.returncode == 0, listed.stderr
    assert "blocked by PORTAL_BLOCK_PLUGINS" in listed.stdout
    deadly.env["PORTAL_BLOCK_PLUGINS"] = "killing"
    with serving(deadly, "portal", "run") as url:
        assert Reader(url).ask("/readyz")[0] == 200


def test_two_workers_of_gunicorn_agree(installation: Installation) -> None:
    with serving(installation, "gunicorn", "-w", "2", "wsgi:app", bind="-b") as url:
        administrator = Reader(url).sign_in("admin@demo.test")
        owner = Reader(url).sign_in("owner@demo.test")
        for on, status in ((True, 200), (False, 404)):
            administrator.switch("notes", "binjiang", on=on)
            assert {owner.ask("/p/binjiang/notes/")[0] for _ in range(12)} == {status}
            assert owner.ask("/p/shanju/notes/")[0] == 404

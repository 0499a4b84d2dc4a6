"""A new plugin works as it is made: installed beside the portal, checked, and by its own tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from portal.plugin_host import scaffold
from portal.plugin_host.scaffold.texts import PLURALS, TEXTS
from portal.sdk.testing.contract.facts import KEYWORDS, METHODS
from tests.forks import start_portal

ROOT = Path(__file__).parents[2]
PATIENCE = 300
NAMES = scaffold.Names(
    name="pool_booking", title="Pool booking", title_zh="泳池预约", title_hant="泳池預約",
    distribution="portal-pool-booking", package="portal_pool_booking", core="core_0001",
)  # fmt: skip


def portal(env: dict[str, str], *words: str) -> tuple[int, str]:
    """Run the `portal` command."""
    running = start_portal(*words, env=env, cwd=ROOT)
    said, _ = running.communicate(timeout=PATIENCE)
    return running.returncode or 0, said


def test_a_new_plugin_is_installed_checked_and_passes_its_own_tests(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    env |= {"PORTAL_HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    code, said = portal(env, "plugin", "new", "pool-booking", "--dir", str(tmp_path))
    assert code == 0, said
    top = tmp_path / "portal-pool-booking"
    assert str(top) in said
    # What pip leaves of a distribution.
    facts = top / "portal_pool_booking-1.0.0.dist-info"
    facts.mkdir()
    text = "Metadata-Version: 2.1\nName: portal-pool-booking\nVersion: 1.0.0\n"
    (facts / "METADATA").write_text(text)
    points = "[portal.plugins]\npool_booking = portal_pool_booking\n"
    (facts / "entry_points.txt").write_text(points)
    env["PYTHONPATH"] = os.pathsep.join([str(top), str(ROOT), env.get("PYTHONPATH", "")])
    code, said = portal(env, "plugin", "check")
    assert code == 0, said
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=top, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "28 passed" in run.stdout


def test_one_of_a_checkout_lies_where_the_others_do(tmp_path: Path) -> None:
    with pytest.raises(scaffold.ScaffoldError, match="no checkout"):
        scaffold.make_bundled(NAMES, tmp_path)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "tests" / "plugins").mkdir(parents=True)
    scaffold.make_bundled(NAMES, tmp_path)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert "plugins/pool_booking/migrations/pool_booking_0001_first_tables.py" in made
    assert "tests/plugins/pool_booking/samples.py" in made
    assert not any("tmpl" in path or "name" in path for path in made)
    with pytest.raises(scaffold.ScaffoldError, match="there already"):
        scaffold.make_bundled(NAMES, tmp_path)


def test_its_texts_are_all_translated_and_no_others(tmp_path: Path) -> None:
    package = scaffold.make_distribution(NAMES, tmp_path) / NAMES.package
    found = {each[2] for each in extract_from_dir(str(package), METHODS, keywords=KEYWORDS)}
    assert found == {NAMES.title, *TEXTS, *PLURALS}
    for language in ("zh_Hans_CN", "zh_Hant"):
        with (package / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as po:
            assert all(message.string for message in read_po(po) if message.id)


@pytest.mark.parametrize("word", ["staff", "Pool", "1st", "a", "x" * 21, "points", "../pool", ""])
def test_a_name_is_what_a_manifest_takes(word: str) -> None:
    with pytest.raises(scaffold.ScaffoldError):
        scaffold.checked_name(word)


def test_words_of_the_portals_own_are_taken() -> None:
    assert scaffold.checked_name("pool-booking") == "pool_booking"
    for distribution in ("plugins", "portal", "class", "Portal-Pool", "../pool"):
        with pytest.raises(scaffold.ScaffoldError):
            scaffold.package_of(distribution)
    for title in ('"', "{{ x }}", "<b>", "a\nb", " ", "x" * 41):
        with pytest.raises(scaffold.ScaffoldError):
            scaffold.checked_title(title)

"""Web workers and runners that are killed at random while clients write: nothing lost or doubled.

`python -m bench.chaos_web` does the same for longer, with twenty kills of each.
"""

from pathlib import Path

from bench import chaos_web
from tests.plugin_host.installation import bare


def test_what_was_answered_is_there_once(database_url: str, tmp_path: Path) -> None:
    with bare(database_url, tmp_path) as env:
        table = chaos_web.chaos(env, kills=3, masters=0, seconds=8, members=12)
    assert table.good, f"{table}\n{(tmp_path / 'chaos.log').read_text('utf-8')[-3000:]}"
    assert table.numbers["wished"] >= 12

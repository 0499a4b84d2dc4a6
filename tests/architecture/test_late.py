"""What few requests need is loaded by them: every worker holds what is loaded at the start."""

import os
import subprocess
import sys
from pathlib import Path

from tests.plugin_host.installation import ROOT

LATE = ("boto3", "icalendar", "moto", "prometheus_client", "pytest", "redis", "waitress")
STARTED = """
import sys
from portal import create_app

create_app()
print(*sorted(set(sys.argv[1:]) & sys.modules.keys()))
print("plugins.events.hooks" in sys.modules)
"""


def test_nothing_is_loaded_at_the_start_that_few_need(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    started = subprocess.run(
        [sys.executable, "-c", STARTED, *LATE],
        cwd=ROOT,
        env=env | {"PORTAL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert started.returncode == 0, started.stderr
    loaded, plugins = started.stdout.splitlines()
    assert plugins == "True"
    assert loaded.split() == []

"""Surveys to begin with, by kind: questions in three languages, and the weights of dimensions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIRST: Mapping[str, Mapping[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted(Path(__file__).parent.glob("*.json"))
}
"""Kind -> what `make_survey` takes; the other kinds begin empty."""

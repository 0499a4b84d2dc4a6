"""Surveys to begin with, by kind: questions in three languages, and the weights of dimensions."""

from collections.abc import Mapping
from typing import Any

from plugins.surveys.library.yearly import INSTRUMENT, WEIGHTS

FIRST: Mapping[str, Mapping[str, Any]] = {
    "yearly": {"instrument": INSTRUMENT, "weights": WEIGHTS},
}
"""Kind -> what `make_survey` takes; the other kinds begin empty."""

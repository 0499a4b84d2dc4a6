"""The tests of a plugin are collected where it is installed: its tables are migrated only there."""

from importlib.metadata import entry_points
from pathlib import Path

INSTALLED = {point.name for point in entry_points(group="portal.plugins")}
collect_ignore = [
    folder.name
    for folder in Path(__file__).parent.iterdir()
    if folder.is_dir() and (folder / "conftest.py").exists() and folder.name not in INSTALLED
]

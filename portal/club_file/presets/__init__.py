"""The clubs that come along, each a file as an export writes it."""

from importlib.resources import files

_FOLDER = files(__name__)


def preset_names() -> list[str]:
    """Return the names of the clubs that come along."""
    found = (each.name for each in _FOLDER.iterdir())
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))


def preset_text(name: str) -> str:
    """Return the file of a club that comes along."""
    return _FOLDER.joinpath(f"{name}.json").read_text("utf-8")

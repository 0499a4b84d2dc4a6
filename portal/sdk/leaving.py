"""Names of portal.sdk that are on their way out: given for one version more, with a warning."""

import warnings
from collections.abc import Mapping

LEAVING: Mapping[str, tuple[str, object]] = {}
"""Name -> what takes its place, and what the name still gives."""


def find_leaving(module: str, name: str) -> object:
    """Return what a leaving name of `module` gives, with a warning; raises AttributeError."""
    if name not in LEAVING:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    instead, given = LEAVING[name]
    # The plugin's line: above this function are the module's __getattr__ and the import's helper.
    warnings.warn(f"{module}.{name} leaves: use {instead}", DeprecationWarning, stacklevel=3)
    return given

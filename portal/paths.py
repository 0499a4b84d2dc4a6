"""Find the folders that lie beside ``portal/`` in a checkout and inside it once installed."""

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent

ResourceName = Literal["templates", "translations", "migrations"]


def resource_dir(name: ResourceName) -> Path:
    """Return the absolute path of the core's templates, translations or migrations.

    A wheel holds them as ``portal/<name>`` (``package_dir`` in setup.cfg); a checkout, and so an
    editable installation, has them beside ``portal/``. The inner place is looked at first, which
    is why ``portal/<name>`` must never exist in a checkout: a test asserts that.

    Raise FileNotFoundError when neither is there.
    """
    for base in (_PACKAGE, _PACKAGE.parent):
        folder = base / name
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"{name}/ is neither in {_PACKAGE} nor in {_PACKAGE.parent}: broken installation"
    )

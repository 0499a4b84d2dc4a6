"""How large the installed portal is: its libraries, and its own files.

python -m bench.size
"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("portal", "plugins", "templates", "translations", "migrations")
NOT_SHIPPED = {"__pycache__", "tests"}


def libraries() -> dict[str, int]:
    """Return the bytes of every library that runs the portal, as its installation lists them."""
    locked = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    found = {}
    for name in re.findall(r"^([A-Za-z0-9_.-]+)==", locked, re.MULTILINE):
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:
            continue  # For another system or another Python.
        paths = (Path(str(each.locate())) for each in files)
        found[name] = sum(path.stat().st_size for path in paths if path.is_file())
    return found


def ours() -> int:
    """Return the bytes of the portal's own files."""
    files = (path for top in OURS for path in (ROOT / top).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files if not NOT_SHIPPED & set(path.parts))


def main() -> None:
    """Print the sizes in MB."""
    found = libraries()
    largest = sorted(found, key=lambda name: found[name], reverse=True)[:6]
    told = ", ".join(f"{name} {found[name] / 1e6:.1f}" for name in largest)
    sys.stdout.write(
        f"{len(found)} libraries  {sum(found.values()) / 1e6:8.1f} MB  the largest: {told}\n"
        f"the portal, its plugins and files {ours() / 1e6:8.1f} MB\n"
    )


if __name__ == "__main__":
    main()

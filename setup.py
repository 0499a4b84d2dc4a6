"""Build what setup.cfg cannot say: the package list and the compiled catalogues."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

# These folders lie beside portal/ in a checkout and inside it once installed
# (package_dir in setup.cfg, portal/paths.py finds them in both places).
MAPPED = ["portal.templates", "portal.translations", "portal.migrations"]


class BuildPy(build_py):
    """Compile every .po before the package data is collected."""

    def run(self) -> None:
        """Compile, then build."""
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for root in ("translations", "plugins"):
            for po in sorted(Path(root).rglob("LC_MESSAGES/*.po")):
                with po.open("rb") as source:
                    catalog = read_po(source, locale=po.parts[-3])
                with po.with_suffix(".mo").open("wb") as target:
                    write_mo(target, catalog)
        # Package data is listed lazily and cached: forget what was seen before the .mo existed.
        self.__dict__.pop("data_files", None)
        super().run()


setup(
    packages=find_packages(include=["portal", "portal.*", "plugins", "plugins.*"]) + MAPPED,
    cmdclass={"build_py": BuildPy},
)

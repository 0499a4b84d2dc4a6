"""The auditor's archive: answers, frame, hashes, figures, and the program that recomputes them."""

import ast
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from plugins.surveys.canonical import canonical
from plugins.surveys.exporting import rows
from plugins.surveys.models import Publication, Wave
from plugins.surveys.publishing.sealing import sealed, words
from portal.sdk import ExportFormat, export_file

_ROOT = Path(__file__).resolve().parents[3]
_SCRIPT = Path(__file__).with_name("reproduce.py")
_FIRST = "plugins.surveys.publishing.checking"
# Always the same, so that the same wave gives the same bytes.
_DATE = (2000, 1, 1, 0, 0, 0)


def archive(wave: Wave, publication: Publication) -> bytes:
    """Return the archive of a published wave as the bytes of a zip."""
    table = export_file(
        name="answers",
        kind=ExportFormat.CSV,
        header=rows.header(wave),
        rows=rows.answers(wave, rows.Cell()),
    )
    with closing(table):
        answers, whole = b"".join(table.iter_encoded()), sealed(wave)
    files = {
        "sealed.json": canonical(whole),
        "words.json": canonical(words(wave)),
        "questions.json": canonical(rows.codes(wave)),
        "strata.json": canonical(_strata(whole)),
        "answers.csv": answers,
        "figures.json": canonical(publication.figures),
    }
    said = {
        "wave": wave.public_id,
        "title": dict(wave.title),
        "number": wave.number,
        "instrument_hash": wave.instrument_hash,
        "frame_hash": wave.frame_hash,
        "weights_hash": wave.weights_hash,
        "seal_hash": publication.seal_hash,
        "figures_hash": publication.figures_hash,
        "script_version": publication.script_version,
        "released_at": publication.released_at.isoformat(),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in [("publication.json", canonical(said)), *files.items(), *_program()]:
            packed.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _strata(whole: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return how many are asked and how many answered, by stage, building and tier."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for _, building, tier, stage in whole["frame"]:
        found.setdefault((stage, building, tier), [0, 0])[0] += 1
    for row in whole["ballots"]:
        found.setdefault((row[2], row[3], row[4]), [0, 0])[1] += 1
    return [
        {"stage": stage, "building": building, "tier": tier, "asked": asked, "answered": answered}
        for (stage, building, tier), (asked, answered) in sorted(found.items())
    ]


def _program() -> Iterator[tuple[str, bytes]]:
    """Yield the script and the pure modules that it needs, as they run in the portal."""
    yield "reproduce.py", _SCRIPT.read_bytes()
    for path in sorted(modules()):
        yield path.relative_to(_ROOT).as_posix(), path.read_bytes()


def modules() -> set[Path]:
    """Return the modules that the script imports, with those that they import, and packages."""
    found: set[Path] = set()
    waiting = [_FIRST]
    while waiting:
        path = _ROOT.joinpath(*waiting.pop().split(".")).with_suffix(".py")
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plugins."):
                waiting += _named(node)
    packages = {each / "__init__.py" for path in found for each in path.parents}
    return found | {each for each in packages if each.is_file() and _ROOT in each.parents}


def _named(node: ast.ImportFrom) -> list[str]:
    """Return the modules that an import names: the one, or those of a package."""
    module = node.module or ""
    if _ROOT.joinpath(*module.split(".")).is_dir():
        return [f"{module}.{each.name}" for each in node.names]
    return [module]

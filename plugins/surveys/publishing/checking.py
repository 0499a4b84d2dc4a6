"""Whether sealed answers are still what was sealed and published; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from plugins.surveys.canonical import canonical, digest, sha256
from plugins.surveys.publishing.figures import KNOWN, VERSION, compute


def seal_of(sealed: Mapping[str, Any]) -> str:
    """Return the one hash of what is sealed."""
    parts = ("instrument", "weights", "frame", "ballots")
    hashed = {name: sha256(sealed[name]) for name in parts}
    return sha256({**hashed, **{name: sealed[name] for name in ("least", "seed", "mode")}})


def differences(
    sealed: Mapping[str, Any],
    words: Mapping[str, Mapping[str, str]],
    hashes: Mapping[str, str],
    figures: bytes,
) -> Iterator[str]:
    """Yield a sentence for each thing that is not what it was; nothing where all is as it was.

    `words` that are gone were erased, as their owners may ask; words that are there must be theirs.
    """
    for name in ("instrument", "frame", "weights"):
        if sha256(sealed[name]) != hashes[f"{name}_hash"]:
            yield f"{name}: not what was frozen"
    if seal_of(sealed) != hashes["seal_hash"]:
        yield "answers: not what was sealed"
    yield from _changed_words(sealed, words)
    version = hashes["script_version"]
    if version not in KNOWN:
        yield f"script: version {VERSION}, published with {version}"
        return
    computed = compute(sealed, version)
    if canonical(computed) != figures:
        yield "figures: not what these answers give"
    if sha256(computed) != hashes["figures_hash"]:
        yield "figures: not what was published"


def _changed_words(
    sealed: Mapping[str, Any], words: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    known = {(row[0], str(side[0])): side[3] for row in sealed["ballots"] for side in row[7]}
    for ballot, places in words.items():
        for item, text in places.items():
            if known.get((ballot, item)) != digest(text):
                yield f"answer {ballot}, position {item}: other words than were sealed"

"""What a backup says of itself, and which keys its database needs."""

import dataclasses
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal import __version__, clock

FORMAT = 1
_PURPOSE = b"portal backup"


class BackupError(Exception):
    """A backup cannot be made or put back; the text says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """`keys`: a fingerprint for each version of the data keys; `rows`: of each table, counted in
    the moment of the dump; `revisions`: the newest of each owner; `sha256`: of the dump."""

    dialect: str
    revisions: list[str]
    keys: dict[str, str]
    rows: dict[str, int]
    sha256: str
    made_at: str
    version: str = __version__
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return the manifest as it lies in the backup."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "Manifest":
        """Return what a backup says. Raises BackupError when this is none that we can read."""
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise BackupError(
                    f"This backup is of format {found['format']}: "
                    "restore it with the version of the portal that made it."
                )
            datetime.fromisoformat(found["made_at"])
            return cls(**found)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError("This is no backup of the portal, or it is damaged.") from error


def fingerprints(keys: Mapping[int, bytes]) -> dict[str, str]:
    """Return what tells one key from another and nothing of the key itself."""
    return {
        str(version): hmac.digest(key, _PURPOSE, "sha256").hex()[:16]
        for version, key in sorted(keys.items())
    }


def check_keys(manifest: Manifest, keys: Mapping[int, bytes]) -> None:
    """Raise BackupError unless every key that the database was written with is here."""
    here = fingerprints(keys)
    lacking = [version for version, told in manifest.keys.items() if here.get(version) != told]
    if lacking:
        raise BackupError(
            f"The data key {', '.join(lacking)} of this backup is not the one here. "
            "Put back the keys.json (or PORTAL_DATA_KEYS) that was in use when it was made."
        )


def now_text() -> str:
    """Return the present moment as a manifest has it."""
    return clock.now().isoformat(timespec="seconds")

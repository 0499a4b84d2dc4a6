"""The freeze: the frame is drawn, and everything that figures rest on gets its hash."""

from collections.abc import Sequence

import sqlalchemy as sa

from plugins.surveys.canonical import sha256
from plugins.surveys.frame.eligible import Line
from plugins.surveys.models import Participation, Wave
from portal.sdk import db

_AT_ONCE = 500


def hashes(wave: Wave, lines: Sequence[Line]) -> dict[str, str]:
    """Return the three hashes of a wave by column."""
    frame = sorted(line.hashed for line in lines)
    return {
        "instrument_hash": sha256(wave.instrument),
        "frame_hash": sha256(frame),
        "weights_hash": sha256(wave.weights),
    }


def keep_frame(wave: Wave, lines: Sequence[Line]) -> None:
    """Write the frame of a wave in review."""
    for first in range(0, len(lines), _AT_ONCE):
        db.session.execute(
            sa.insert(Participation),
            [
                {
                    "wave_id": wave.id,
                    "named": wave.named,
                    "project_id": wave.project_id,
                    "unit_key": line.unit_key,
                    "household_id": line.household_id,
                    "member_id": line.member_id,
                    "building": line.building,
                    "tier": line.tier,
                    "stage": line.stage,
                }
                for line in lines[first : first + _AT_ONCE]
            ],
        )

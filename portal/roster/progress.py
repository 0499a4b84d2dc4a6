"""How far an import has come, kept in step with its row chunk by chunk."""

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.roster.models import ImportState, RosterImport


class RosterStoppedError(Exception):
    """Another run took the import over, or it was stopped: nothing more may be written."""


@dataclass
class Progress:
    """A run's own copy of what it writes to the import's row."""

    import_id: int
    project_id: int
    makes_homes: bool
    mapping: dict[str, str]
    rows_done: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    made_buildings: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, job: RosterImport) -> "Progress":
        """Return the state in which an import stands."""
        return cls(
            import_id=job.id,
            project_id=job.project_id,
            makes_homes=job.makes_homes,
            mapping=dict(job.mapping),
            rows_done=job.rows_done,
            counts=Counter(job.counts),
            made_buildings=list(job.made_buildings),
        )

    def advance(self, rows: int) -> None:
        """Write that `rows` more are done. Raises RosterStoppedError when another run did so."""
        self._update(self.rows_done, rows_done=self.rows_done + rows)
        self.rows_done += rows

    def finish(self) -> None:
        """Write that all is done. Raises RosterStoppedError."""
        self._update(self.rows_done, state=ImportState.DONE, finished_at=clock.now())

    def _update(self, expected: int, **values: object) -> None:
        changed = db.session.execute(
            sa.update(RosterImport)
            .where(
                RosterImport.id == self.import_id,
                RosterImport.state == ImportState.RUNNING,
                RosterImport.rows_done == expected,
            )
            .values(
                counts=dict(self.counts),
                made_buildings=self.made_buildings,
                beat_at=clock.now(),
                **values,
            )
            .execution_options(synchronize_session=False)
        )
        if not changed.rowcount:  # type: ignore[attr-defined]
            raise RosterStoppedError

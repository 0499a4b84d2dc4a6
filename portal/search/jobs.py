"""The nightly rebuild: whatever went past the index comes into it, what is gone leaves it."""

from datetime import time

from portal.jobs.registry import JobRun, job
from portal.search.keeping import rebuild, sources
from portal.slots import slots


@job("search.rebuild", at=time(3, 10), long=True)
def rebuild_nightly(run: JobRun) -> None:
    """Describe every row of every kind anew, from where an attempt before this one stopped, then
    what plugins can tell of theirs."""
    kinds = list(sources())
    begun, last = run.payload.get("kind", kinds[0]), run.payload.get("after", 0)
    done = run.done

    def note(kind: str, after: int, number: int) -> None:
        nonlocal done
        done += number
        run.checkpoint(done=done, payload={"kind": kind, "after": after})

    for kind in kinds[kinds.index(begun) :] if begun in kinds else kinds:
        rebuild([kind], after=last if kind == begun else 0, done=note)
    for plugin in slots().searchable_plugins():
        slots().rebuild_search(plugin, lambda _: run.checkpoint(done=done))

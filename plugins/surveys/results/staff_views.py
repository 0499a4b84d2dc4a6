"""The staff's and the leaders' page of a closed wave's results."""

from flask import render_template, request

from plugins.surveys.blueprint import staff
from plugins.surveys.figures.counting import FIELDS
from plugins.surveys.results.reading import results_of
from plugins.surveys.states import DONE
from plugins.surveys.waves import queries
from plugins.surveys.waves.staff_views import find_wave
from plugins.surveys.words import DIMENSIONS
from portal.sdk import requires

__all__ = ["staff"]


@staff.get("/p/<project>/staff/surveys/<public_id>/results")
@requires("surveys.results")
def results(public_id: str) -> str:
    """Show aggregates once nobody answers any more: two looks in the field tell one answer."""
    wave = find_wave(public_id)
    by = request.args.get("by", "")
    by = by if by in FIELDS else "building"
    # A shuffle takes names of small strata away: a look before it would tell them.
    still = wave.state in DONE and (wave.named or wave.shuffled_at is not None)
    found = results_of(wave, by=by) if still else None
    rate = queries.rates([wave.id]).get(wave.id, queries.Rate())
    names = (
        [(DIMENSIONS.get(key, key), figure) for key, figure in found.dimensions.items()]
        if found
        else []
    )
    return render_template(
        "surveys/staff_results.html", wave=wave, found=found, by=by, rate=rate, names=names
    )

"""The staff's page of signs of pressure."""

from flask import render_template

from plugins.surveys.blueprint import staff
from plugins.surveys.signals import reading
from plugins.surveys.waves.staff_views import RESULTS, find_wave
from portal.sdk import current_project, requires

__all__ = ["staff"]


@staff.get("/p/<project>/staff/surveys/<public_id>/signals")
@requires(RESULTS)
def signals(public_id: str) -> str:
    """Show what was noticed of a closed wave."""
    wave = find_wave(public_id)
    report = reading.report_of(wave, current_project()) if reading.may_show(wave) else None
    return render_template("surveys/staff_signals.html", wave=wave, report=report)

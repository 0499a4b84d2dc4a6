"""All the tables of the plugin."""

from plugins.surveys.models.ballots import Ballot, Burst, Draft, Forged, SideAnswer
from plugins.surveys.models.coding import Code, Coder, Coding
from plugins.surveys.models.frame import Participation, Quota
from plugins.surveys.models.published import Action, Publication
from plugins.surveys.models.survey import Survey, Wave

__all__ = [
    "Action",
    "Ballot",
    "Burst",
    "Code",
    "Coder",
    "Coding",
    "Draft",
    "Forged",
    "Participation",
    "Publication",
    "Quota",
    "SideAnswer",
    "Survey",
    "Wave",
]

"""The form of an announcement."""

from collections.abc import Sequence

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from portal.announcements.models import Audience
from portal.club.forms import TextsForm
from portal.club.queries import current_club
from portal.i18n import LANGUAGES, Text, gettext, lazy
from portal.projects.models import Building

AUDIENCES: dict[str, Text] = {
    Audience.EVERYONE: lazy("All members of the project"),
    Audience.OWNERS: lazy("Members with a verified home"),
    Audience.BUILDING: lazy("One building"),
}
CLUB_AUDIENCES: dict[str, Text] = {
    Audience.EVERYONE: lazy("All members of the club"),
    Audience.OWNERS: lazy("Members with a verified home"),
}


class AnnouncementForm(TextsForm):
    """To whom, and what, in the club's languages."""

    audience = RadioField(lazy("To"))
    building = SelectField(lazy("Building"), default="")

    def offer(self, buildings: Sequence[Building] | None) -> "AnnouncementForm":
        """Offer the audiences of a project with these buildings, or (None) of the club."""
        titles = CLUB_AUDIENCES if buildings is None else AUDIENCES
        self.audience.choices = list(titles.items())
        for name in ("subject", "body"):
            self[f"{name}_{current_club().default_language}"].flags.required = True
        self.building.choices = [("", "—"), *((str(b.id), b.name) for b in buildings or ())]
        return self

    def validate(self, extra_validators: object = None) -> bool:
        """Ask for the main language, for whole messages, and for the building."""
        valid: bool = super().validate(extra_validators)
        main = current_club().default_language
        for language in LANGUAGES:
            subject, body = self[f"subject_{language}"], self[f"body_{language}"]
            for field, other in ((subject, body), (body, subject)):
                if not field.data and (other.data or language == main):
                    field.errors = [*field.errors, gettext("Write a subject and a text.")]
                    valid = False
        if self.audience.data == Audience.BUILDING and not self.building.data:
            self.building.errors = [*self.building.errors, gettext("Choose a building.")]
            valid = False
        return valid

    @property
    def building_id(self) -> int | None:
        """The building's id when one building is told."""
        chosen = self.audience.data == Audience.BUILDING and self.building.data
        return int(chosen) if chosen else None


for _language, _title in LANGUAGES.items():
    setattr(
        AnnouncementForm, f"subject_{_language}", StringField(lazy("Subject"), [Length(max=80)])
    )
    setattr(AnnouncementForm, f"body_{_language}", TextAreaField(lazy("Text"), [Length(max=1000)]))

"""The form of a webhook, new or changed."""

from typing import Any

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.forms import Form, SelectChoice
from portal.i18n import gettext, lazy, localized
from portal.outbox.registry import declared_kinds
from portal.projects.queries import all_projects
from portal.webhooks.addresses import AddressError, Target, local_allowed, parse_address
from portal.webhooks.filters import CLUB
from portal.webhooks.words import ADDRESS_ERRORS, kind_title


class WebhookForm(Form):
    """What a webhook is called, where it is sent to, and of what; `target` once it is valid."""

    target: Target

    name = StringField(
        lazy("Name"),
        [InputRequired(lazy("Enter a name, such as “Customer system”.")), Length(max=80)],
    )
    address = StringField(
        lazy("Address"), [InputRequired(lazy("Enter the address that is sent to."))]
    )
    project = SelectField(lazy("Where"), [InputRequired()], default=CLUB)
    kinds = SelectMultipleField(
        lazy("Events"), [InputRequired(lazy("Choose at least one kind of event."))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.projects = {project.slug: project for project in all_projects()}
        self.project.choices = [
            SelectChoice(CLUB, gettext("The whole club")),
            *(SelectChoice(slug, localized(each.name)) for slug, each in self.projects.items()),
        ]
        # A kind that is not declared any more, such as of a plugin that was removed, can stay.
        kinds = dict.fromkeys([*declared_kinds(), *(self.kinds.object_data or ())])
        self.kinds.choices = [SelectChoice(kind, kind_title(kind)) for kind in kinds]

    def validate_address(self, field: StringField) -> None:
        """Take the address apart, or say what is wrong with it."""
        try:
            self.target = parse_address(field.data or "", local=local_allowed())
        except AddressError as error:
            raise ValidationError(str(ADDRESS_ERRORS[error.code])) from error

    @property
    def project_id(self) -> int | None:
        """The id of the chosen project; None for the whole club."""
        found = self.projects.get(self.project.data)
        return found.id if found else None

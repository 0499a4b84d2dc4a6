"""The roster's forms."""

from collections.abc import Mapping, Sequence

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import DataRequired

from portal.forms import Form
from portal.i18n import lazy
from portal.roster.mapping import Field


class UploadForm(Form):
    """A file to look through."""

    kind = SelectField(lazy("What the file holds"), [DataRequired(lazy("Choose one."))])
    file = FileField(lazy("CSV or Excel workbook"))
    makes_homes = BooleanField(lazy("Add homes that are not registered yet"), default=True)


class ColumnsForm(Form):
    """Which column is which field: one select a column of the file, named by its place."""

    makes_homes = BooleanField(lazy("Add homes that are not registered yet"))
    sent = HiddenField(default="1")


def chosen_columns(
    header: Sequence[str], values: Mapping[str, str]
) -> tuple[dict[str, str], list[Field]]:
    """Return {field: column} as chosen on the page, and the fields that were chosen twice."""
    mapping: dict[str, str] = {}
    twice: list[Field] = []
    for place, column in enumerate(header):
        value = values.get(f"column-{place}", "")
        if value not in set(Field):
            continue
        if value in mapping:
            twice.append(Field(value))
        mapping.setdefault(value, column)
    return mapping, twice

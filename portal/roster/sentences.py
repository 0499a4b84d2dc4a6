"""What a fault, a refused file and a refused act say to people."""

from collections.abc import Mapping
from typing import Any

from portal.i18n import Text, gettext, lazy

FAULTS: dict[str, Text] = {
    "missing_name": lazy("The name is missing."),
    "bad_name": lazy("This is not a name."),
    "missing_phone": lazy("The phone is missing."),
    "bad_phone": lazy("This is not a mobile number."),
    "phone_rounded": lazy(
        "The spreadsheet has rounded this number. Format the column as text and enter it again."
    ),
    "unknown_relation": lazy("Unknown relation. Write owner, co-owner, spouse or tenant."),
    "bad_date": lazy("This is not a possible date. Write it as 2021-04-18."),
    "bad_area": lazy("This is not a possible area. Write square metres as a number: 89.50."),
    "bad_id_tail": lazy("These are not the last four of an ID number."),
    "formula_cell": lazy("The cell begins like a formula. Write it as plain text."),
    "wrong_project": lazy("The row belongs to another project."),
    "missing_home": lazy("The address of the home is missing."),
    "missing_building": lazy("The building is missing."),
    "missing_number": lazy("The home number is missing."),
    "home_unreadable": lazy("No home can be read from this address. Write it as 7-1-1201."),
    "letter_in_number": lazy("The home number holds a letter that looks like a digit: O, I or l."),
    "unit_unknown": lazy("This home is not registered in the project."),
    "too_long": lazy("The text is too long."),
    "cell_too_long": lazy("A cell holds more than 10,000 characters."),
    "control_character": lazy("The row holds characters that no text has."),
    "quotes_open": lazy("A quotation mark is opened or closed in the wrong place."),
    "extra_cells": lazy("The row has %(cells)s cells, the header only %(columns)s."),
    "duplicate_same_file": lazy("The same as row %(line)s, which counts."),
    "two_owners": lazy("Row %(line)s names another owner of this home. A person must decide."),
    "changed_role": lazy("The roster has this person in another relation. A person must decide."),
    "changed_phone": lazy("The roster has another phone of this person. A person must decide."),
    "changed_name": lazy("The roster has another name with this phone. A person must decide."),
    "changed_owner": lazy("The roster has another owner of this home. A person must decide."),
}  # fmt: skip
FILES: dict[str, Text] = {
    "empty": lazy("The file holds no rows."),
    "encoding": lazy(
        "The text is neither in UTF-8 nor in GB18030. Save the file as “CSV UTF-8” or as XLSX."
    ),
    "not_a_table": lazy("This is not a table. Send a CSV or an Excel workbook (.xlsx)."),
    "no_header": lazy("No row with the names of the columns was found among the first 20 rows."),
    "too_many_rows": lazy("The file has more than %(limit)s rows. Send it in parts."),
    "too_many_columns": lazy("The file has more than %(limit)s columns. Leave some out."),
    "too_many_cells": lazy(
        "The sheet reaches too far to the right or down. Delete the empty columns and rows."
    ),
    "quotes_broken": lazy(
        "From row %(line)s on quotation marks are opened and not closed. Save the file anew from "
        "the spreadsheet."
    ),
    "password": lazy("The workbook is protected by a password. Remove it and send the file again."),
    "old_excel": lazy("This is the old Excel form (.xls). Save it as .xlsx and send it again."),
    "not_xlsx": lazy("This archive is not an Excel workbook. Send an .xlsx or a CSV."),
    "broken": lazy("The workbook is damaged or incomplete. Save it anew and send it again."),
    "zip_bomb": lazy("The workbook unpacks to far more than a roster holds. It was not opened."),
    "file_gone": lazy("The file is not kept any more. Send it again."),
    "crashed": lazy("The import stopped in the middle. What was written stays; resume it."),
}  # fmt: skip
ACTS: dict[str, Text] = {
    "busy": lazy("Another import of this project is running. Wait until it has ended."),
    "missing_column": lazy("A needed column is missing. Choose it below."),
    "not_decidable": lazy("This row cannot be taken any more."),
    "claimed": lazy("A member has claimed this home already. Change its owner on the home's page."),
    "file_gone": lazy("The file is not kept any more. Send it again."),
    "wrong_state": lazy("The import has moved on in the meantime."),
}
KINDS: dict[str, Text] = {
    "two_owners": lazy("Two owners"),
    "changed_owner": lazy("Another owner"),
    "changed_name": lazy("Another name"),
    "changed_phone": lazy("Another phone"),
    "changed_role": lazy("Another relation"),
    "missing_name": lazy("Name missing"),
    "missing_phone": lazy("Phone missing"),
    "bad_phone": lazy("Wrong phone"),
    "phone_rounded": lazy("Rounded phone"),
    "unknown_relation": lazy("Unknown relation"),
    "bad_date": lazy("Wrong date"),
    "bad_area": lazy("Wrong area"),
    "formula_cell": lazy("Formula"),
    "wrong_project": lazy("Other project"),
    "unit_unknown": lazy("Unknown home"),
    "duplicate_same_file": lazy("Repeated"),
}
"""Short names of the faults that a list may be narrowed to."""
STATES: dict[str, Text] = {
    "preview": lazy("Preview"),
    "running": lazy("Running"),
    "done": lazy("Done"),
    "failed": lazy("Stopped"),
    "cancelled": lazy("Cancelled"),
    "undone": lazy("Undone"),
}


def fault_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """Say in the reader's language what is wrong with a row."""
    return _filled(FAULTS[code], facts)


def file_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """Say in the reader's language why a file cannot be taken."""
    return _filled(FILES[code], facts)


def missing_sentence(titles: list[str]) -> str:
    """Name the columns without which a file cannot be imported."""
    return gettext(
        "The file has no column for: %(fields)s. Name it in the header, or choose it by hand.",
        fields=gettext(", ").join(titles),
    )


def _filled(text: Text, facts: Mapping[str, Any]) -> str:
    shown = {
        name: f"{value:,}" if isinstance(value, int) else value for name, value in facts.items()
    }
    words = str(text)
    for name, value in shown.items():
        words = words.replace(f"%({name})s", str(value))
    return words

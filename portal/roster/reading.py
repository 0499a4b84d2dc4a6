"""A file's bytes as a table, whatever the office saved it as."""

from portal.roster.csv_table import read_csv
from portal.roster.mapping import field_of
from portal.roster.table import RosterFileError, Table
from portal.roster.xlsx_table import looks_like_workbook, read_xlsx


def read_table(data: bytes) -> Table:
    """Return header and rows of an uploaded roster; raises RosterFileError with one reason."""
    if not data.strip():
        raise RosterFileError("empty")
    return read_xlsx(data, field_of) if looks_like_workbook(data) else read_csv(data, field_of)

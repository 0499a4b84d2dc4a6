"""A file's bytes as a table, whatever the office saved it as."""

from portal.roster.csv_table import read_csv
from portal.roster.mapping import ROSTER, Columns
from portal.roster.table import RosterFileError, Table
from portal.roster.xlsx_table import looks_like_workbook, read_xlsx


def read_table(data: bytes, columns: Columns = ROSTER) -> Table:
    """Return header and rows of an uploaded list; raises RosterFileError with one reason."""
    if not data.strip():
        raise RosterFileError("empty")
    read = read_xlsx if looks_like_workbook(data) else read_csv
    return read(data, columns.field_of)

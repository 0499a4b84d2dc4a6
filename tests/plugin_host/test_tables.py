"""Tables that people send to plugins: what offices save is read, what is none is refused."""

import pytest

from portal.sdk import ExportFormat, TableError, export_file, read_table
from portal.sdk.tables import _folded

COLUMNS = {"code": ("编号",), "answer": ("答复", "Result")}
ROWS = [("AB12", "确认"), ("CD34", "")]


def read(text, encoding="utf-8", **changed):
    about = {"columns": COLUMNS, "needed": ("code", "answer"), "most": 5, **changed}
    rows = read_table(text.encode(encoding), **about)
    return [(row.line, *row.cells.values(), row.fault) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("heading", ["编号;答复", " CODE ;ｒｅｓｕｌｔ", "code;answer"])
def test_what_offices_save_is_read(app, heading, encoding):
    text = f"滨江府物业,,\n\n{heading};x\n AB12 ;确认;1\n;;\nCD34\n"
    assert read(text, encoding) == [(4, "AB12", "确认", ""), (6, "CD34", "", "")]


def test_a_workbook_is_read(app):
    turned = [row[::-1] for row in ROWS]
    with app.test_request_context():
        made = export_file(name="x", kind=ExportFormat.XLSX, header=("Result", "编号"), rows=turned)
        made.direct_passthrough = False
        data = made.get_data()
        made.close()
        rows = read_table(data, columns=COLUMNS, needed=("code",), most=2)
    assert [(row.cells["code"], row.cells["answer"]) for row in rows] == ROWS
    assert data.startswith(b"PK")


@pytest.mark.parametrize("text", ["88021946\n88021947", "卡号\n88021946\n\n88021947"])
def test_a_list_needs_no_heading(app, text):
    found = read(text, columns={"card": ("卡号",)}, needed=("card",))
    assert [row[1] for row in found] == ["88021946", "88021947"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"code,answer\n" + b"x,y\n" * 6, "too_many_rows"),
        (b"code,reason\nx,y", "missing_column"),
        (b"\xff\x80\x81\x82,\xff", "encoding"),
        (b"PK\x03\x04 none", "broken"),
        (b"\x00\x01,\x02", "not_a_table"),
    ],
)
def test_what_is_no_table_has_a_reason(app, data, code):
    with app.test_request_context(), pytest.raises(TableError) as caught:
        read_table(data, columns=COLUMNS, needed=("code", "answer"), most=5)
    assert caught.value.code == code
    assert caught.value.sentence


def test_a_row_that_cannot_be_trusted_says_so(app):
    with app.test_request_context():
        (line, *cells, fault), good = read("code,answer\nA\x07B,yes\nCD,no")
    assert (line, cells, bool(fault)) == (2, ["", ""], True)
    assert good == (3, "CD", "no", "")


def test_headings_are_the_same_whatever_their_case_and_width():
    assert _folded(" ＣＯＤＥ x") == _folded("code X")

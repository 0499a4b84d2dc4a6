"""Files as offices send them, and files that want to do harm."""

import io
import resource
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from portal.roster.mapping import ROSTER, Field
from portal.roster.reading import read_table
from portal.roster.table import MAX_CELL, MAX_ROWS, RawRow, RosterFileError
from tests.roster.helpers import HEADER, csv_of, sample

ROW = "2栋,1单元,1502,林晓芸,19900000001,业主,2021-04-18,89.5,"


def refusal(data: bytes) -> str:
    """Return the code with which a file is refused, before or while its rows are read."""
    with pytest.raises(RosterFileError) as refused:
        list(read_table(data).rows)
    return refused.value.code


def rows_of(data: bytes) -> list[RawRow]:
    return list(read_table(data).rows)


def workbook(*rows: list[object], **sheets: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        for name, lines in {**sheets, "S": list(rows)}.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(lines):
                sheet.write_row(line, 0, row)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    table = read_table(csv_of(ROW).decode().encode(encoding))
    assert table.header[:4] == ("楼栋", "单元", "房号", "业主姓名")
    assert [row.cells[3] for row in table.rows] == ["林晓芸"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str) -> None:
    table = read_table(csv_of(ROW).replace(b",", delimiter.encode()))
    assert len(table.header) == 9
    assert ROSTER.suggest(table.header)[Field.PHONE] == "手机"


def test_other_encodings_are_refused_in_one_sentence() -> None:
    assert refusal(b"\xff\xd8\xff\xe0\x00\x10JFIF\x81") == "encoding"
    assert refusal("楼栋,房号,姓名\n".encode("utf-16-le") + b"\x81") in ("encoding", "not_a_table")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"\x00\x01\x02\x03", "not_a_table"),
        (b"one line\nand another\n", "no_header"),
        (b"PK\x03\x04 nothing more", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
)
def test_what_is_no_roster_is_refused(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_line_numbers_are_those_of_the_file() -> None:
    data = csv_of(
        '2栋,1,1502,"林\n晓芸",19900000001,业主,,,', "", ROW, header=f"业主花名册\n\n{HEADER}"
    )
    table = read_table(data)
    assert table.header_line == 3
    assert [row.line for row in table.rows] == [4, 6, 7]


def test_a_cell_of_one_megabyte_spoils_its_own_row_only() -> None:
    huge = ROW + "x" * 1_000_000
    rows = rows_of(csv_of(ROW, huge, ROW))
    assert [row.fault for row in rows] == [None, "cell_too_long", None]
    assert all(len(cell) <= MAX_CELL for row in rows for cell in row.cells)


def test_a_long_cell_in_a_short_record_is_a_fault_too() -> None:
    assert rows_of(csv_of(ROW + "x" * (MAX_CELL + 1)))[0].fault == "cell_too_long"


def test_a_nul_is_a_fault_of_its_row() -> None:
    rows = rows_of(csv_of(ROW, ROW.replace("林", "林\0"), ROW))
    assert [row.fault for row in rows] == [None, "control_character", None]


def test_a_quote_left_open_costs_one_row() -> None:
    rows = rows_of(csv_of(ROW, ROW.replace("林晓芸", '"林晓芸'), *[ROW] * 3000))
    assert [row.line for row in rows if row.fault] == [3]
    assert len(rows) == 3002


def test_quotes_opened_everywhere_do_not_take_forever() -> None:
    assert refusal(csv_of(*['a,"""' + "x" * 90_000] * 150)) == "quotes_broken"


def test_too_many_rows() -> None:
    assert refusal(csv_of(*["a,b,c"] * (MAX_ROWS + 1))) == "too_many_rows"


def test_too_many_columns() -> None:
    assert refusal(csv_of(header="姓名," * 300)) == "too_many_columns"


def test_blank_rows_at_the_end_do_not_count() -> None:
    assert len(rows_of(csv_of(ROW, ",,,,,,,,", ROW, *[",,,,,,,,"] * 50))) == 3


def test_columns_of_one_name_are_told_apart() -> None:
    assert read_table(b"name,phone,phone,\na,b,c,\n").header == ("name", "phone", "phone (2)")


def test_workbook_with_titles_merged_cells_and_numbers() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "滨江府业主花名册")
        sheet.write_row(1, 0, ["楼栋", "单元", "房号", "姓名", "手机"])
        sheet.merge_range(2, 0, 3, 0, "2栋")
        sheet.write_row(2, 1, ["1单元", 1502, "林晓芸", 19900000001])
        sheet.write_row(3, 1, ["1单元", 1503.0, "陈明", "1.99E+10"])
    table = read_table(stream.getvalue())
    assert table.header_line == 2
    assert [(row.line, row.cells) for row in table.rows] == [
        (3, ["2栋", "1单元", "1502", "林晓芸", "19900000001"]),
        (4, ["2栋", "1单元", "1503", "陈明", "1.99E+10"]),
    ]


def test_dates_of_a_workbook_come_as_iso(tmp_path: Path) -> None:
    from datetime import date

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "手机", "交付日期"])
        sheet.write_row(1, 0, ["林晓芸", "1"])
        sheet.write_datetime(1, 2, date(2021, 4, 18), book.add_format({"num_format": "yyyy-mm-dd"}))
    assert rows_of((tmp_path / "a.xlsx").read_bytes())[0].cells[2] == "2021-04-18"


def test_the_first_sheet_with_anything_on_it_is_read() -> None:
    data = workbook(["姓名", "手机"], ["林晓芸", "19900000001"], Empty=[])
    assert rows_of(data)[0].cells == ["林晓芸", "19900000001"]


def test_truncated_workbook() -> None:
    data = sample("roster.xlsx")
    assert refusal(data[: len(data) // 2]) == "broken"
    assert refusal(data[:200] + b"\0" * 500 + data[700:]) == "broken"


def test_empty_workbook() -> None:
    assert refusal(workbook()) == "empty"


def _archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def test_an_archive_that_is_no_workbook() -> None:
    assert refusal(_archive(photo=b"x")) == "not_xlsx"


def test_zip_bomb_is_not_opened() -> None:
    members = {"xl__workbook.xml": b"<workbook/>", "xl__worksheets__sheet1.xml": b" " * 30_000_000}
    assert refusal(_archive(**members)) == "zip_bomb"


def test_zip_bomb_that_lies_about_its_size() -> None:
    members = {"xl__workbook.xml": b"<workbook/>", "xl__worksheets__sheet1.xml": b" " * 30_000_000}
    honest = _archive(**members)
    lying = honest.replace((30_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != honest
    assert refusal(lying) == "broken"


def test_one_cell_far_away_does_not_fill_the_memory() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "手机"])
        sheet.write(150_000, 1000, "x")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(stream.getvalue()) == "too_many_cells"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    ("header", "field", "column"),
    [
        ("电话1,姓名,房号", Field.PHONE, "电话1"),
        ("联系电话,手机号码（必填）,姓名", Field.PHONE, "手机号码（必填）"),
        ("房号,姓名,手机", Field.HOME, "房号"),
        ("楼栋,房号,姓名,手机", Field.NUMBER, "房号"),
        ("Owner name,Mobile,Unit number,Building", Field.NAME, "Owner name"),
        ("產權人類型,關係,姓名", Field.ROLE, "關係"),
        ("身份证后四位,姓名", Field.ID_TAIL, "身份证后四位"),
    ],
)
def test_columns_are_guessed(header: str, field: Field, column: str) -> None:
    assert ROSTER.suggest(header.split(","))[field] == column


def test_missing_columns_are_named() -> None:
    assert ROSTER.missing(ROSTER.suggest(["姓名", "备注"])) == [
        Field.PHONE,
        Field.BUILDING,
        Field.NUMBER,
    ]
    assert ROSTER.missing(ROSTER.suggest(["房号", "姓名", "电话"])) == []


def test_a_mapping_keeps_only_columns_that_exist_once() -> None:
    mapping = {"name": "a", "phone": "a", "home": "gone", "nonsense": "b"}
    assert ROSTER.tidy(mapping, ["a", "b"]) == {"name": "a"}

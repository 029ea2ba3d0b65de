"""Files as rows: what is read, what is refused, and how it is said."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.importing.errors import BrokenFile
from annotations.importing.readers import lines as lines_module
from annotations.importing.readers import open_reader
from annotations.importing.readers.csv_file import sniff_delimiter
from tests.importing.helpers import parquet_bytes


def rows(kind: str, data: bytes) -> list[tuple[int, dict, str]]:
    reader = open_reader(kind, io.BytesIO(data))
    return [(row.number, row.values, row.problem) for row in reader.rows()]


def test_csv_with_quoted_line_ends_a_mark_and_windows_line_ends():
    data = '\ufefftext,id\r\n"two\r\nlines, one ""cell""",1\r\nplain,2\r\n'.encode()
    assert rows("csv", data) == [
        (1, {"text": 'two\r\nlines, one "cell"', "id": "1"}, ""),
        (2, {"text": "plain", "id": "2"}, ""),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    other = "," if delimiter != "," else ";"
    head = delimiter.join(["text", "id", "note"]) + "\n" + delimiter.join([f"one{other} two", "7", "x"]) + "\n"
    assert sniff_delimiter(head) == delimiter
    (row,) = rows("csv", head.encode())
    assert row[1] == {"text": f"one{other} two", "id": "7", "note": "x"}


def test_one_column_of_text_with_commas_in_quotes_is_csv():
    assert rows("csv", b'text\n"a, b"\nc\n')[0][1] == {"text": "a, b"}


def test_a_row_of_the_wrong_width_is_a_problem_and_the_next_is_read():
    found = rows("csv", b"text,id\na\nb,2\nc,3,4\n")
    assert [(number, problem) for number, _values, problem in found] == [
        (1, "1 column where the header names 2."),
        (2, ""),
        (3, "3 columns where the header names 2."),
    ]


def test_wrong_quotes_are_a_problem_and_the_next_row_is_read():
    found = rows("csv", b'text,id\n"a"b,1\nc,2\n')
    assert found[0][2].startswith("Wrong quotation marks in line 2")
    assert found[1][1] == {"text": "c", "id": "2"}


def test_bytes_that_are_no_utf8_name_their_position_and_spare_the_rows_around():
    data = b"text,id\ngood,1\nb\xe4d,2\nfine,3\n"
    found = rows("csv", data)
    assert [problem for _number, _values, problem in found] == [
        "",
        f"Not UTF-8: byte {data.index(0xE4) + 1} of the file cannot be read. Save the file as UTF-8.",
        "",
    ]


def test_the_position_counts_the_mark_and_what_lies_beyond_the_first_block(monkeypatch):
    monkeypatch.setattr(lines_module, "BLOCK", 16)
    data = "\ufefftext,id\n".encode() + b"".join(b"row %d,%d\n" % (n, n) for n in range(200)) + b"b\xffd,1\n"
    found = rows("csv", data)
    assert found[-1][2].startswith(f"Not UTF-8: byte {data.index(0xFF) + 1} ")
    assert len(found) == 201
    assert not any(problem for _number, _values, problem in found[:-1])


def test_unnamed_columns_get_a_name():
    assert rows("csv", b",text\n0,a\n")[0][1] == {"column 1": "0", "text": "a"}


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"text,text\na,b\n", "duplicate_column", "“text” is there more than once"),
        (b"\n\na,b\n", "broken_file", "first line is empty"),
        ("text\ngrün\n".encode("utf-16"), "wrong_encoding", "UTF-16"),
        (b"t\xe4xt,id\na,1\n", "wrong_encoding", "byte 2 of the file"),
        (b'text,id\na,1\n"cut off', "truncated_file", "line 3"),
    ],
)
def test_csv_files_that_are_refused_as_a_whole(data, code, words):
    with pytest.raises(BrokenFile) as refusal:
        rows("csv", data)
    assert refusal.value.code == code
    assert words in refusal.value.message


def test_a_line_without_end_is_no_text_file(monkeypatch):
    monkeypatch.setattr(lines_module, "MAX_LINE", 1000)
    monkeypatch.setattr(lines_module, "BLOCK", 400)
    with pytest.raises(BrokenFile, match="longer than 8 MB"):
        rows("csv", b"text\n" + b"x" * 5000)


def test_an_open_quotation_mark_swallows_no_more_than_its_limit():
    filler = b"".join(b"line %d,x\n" % number for number in range(20_000))
    found = rows("csv", b'text,id\nok,1\n"open,2\n' + filler)
    swallowed = [problem for _number, _values, problem in found if problem]
    assert len(swallowed) == 1
    assert "is a quote left open?" in swallowed[0]
    assert found[-1][1] == {"text": "line 19999", "id": "x"}


def test_json_lines_with_empty_lines_and_missing_keys():
    assert rows("jsonl", b'{"text": "a"}\n\n{"text": "b", "id": 2}\n') == [
        (1, {"text": "a"}, ""),
        (2, {"text": "b", "id": 2}, ""),
    ]
    assert open_reader("jsonl", io.BytesIO(b'{"text": "a"}\n{"id": 2}\n')).columns == ["text", "id"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense", "Not JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'{"text": NaN}', "NaN is not JSON"),
        (b'{"text": "\xe4"}', "Not UTF-8: byte 25 of"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_lines_that_are_no_json_are_problems(line, words):
    found = rows("jsonl", b'{"text": "a"}\n' + line + b'\n{"text": "c"}\n')
    assert [bool(problem) for _number, _values, problem in found] == [False, True, False]
    assert words in found[1][2]


def test_json_lines_cut_off_in_a_row_are_refused():
    with pytest.raises(BrokenFile, match="in the middle of row 2"):
        rows("jsonl", b'{"text": "a"}\n{"text": "b')


def test_what_holds_no_object_is_no_json_lines():
    with pytest.raises(BrokenFile, match="None of the first lines"):
        rows("jsonl", b"a,b\nc,d\n")


def test_parquet_in_several_row_groups():
    data = parquet_bytes({"text": [f"t{n}" for n in range(5000)], "id": list(range(5000))}, row_group_size=700)
    reader = open_reader("parquet", io.BytesIO(data))
    found = list(reader.rows())
    assert [row.number for row in found] == list(range(1, 5001))
    assert found[-1].values == {"text": "t4999", "id": 4999}
    assert reader.bytes_read() == len(data)


def test_parquet_that_is_cut_off_is_refused():
    data = parquet_bytes({"text": ["a", "b"]})
    for broken in (data[:-10], data[: len(data) // 2], b"PAR1" + b"\x00" * 100 + b"PAR1"):
        with pytest.raises(BrokenFile, match="damaged or cut off"):
            rows("parquet", broken)


def test_parquet_with_a_damaged_page_breaks_while_it_is_read():
    data = bytearray(parquet_bytes({"text": [f"text number {n}" for n in range(50_000)]}, row_group_size=10_000))
    data[len(data) // 2 : len(data) // 2 + 4000] = b"\xff" * 4000
    reader = open_reader("parquet", io.BytesIO(bytes(data)))
    with pytest.raises(BrokenFile, match="damaged or cut off"):
        list(reader.rows())


def test_parquet_columns_of_one_name_are_refused():
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    with pytest.raises(BrokenFile, match="more than once"):
        rows("parquet", parquet_bytes(table))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.booleans())
def test_a_line_is_read_exactly_as_it_was_written(values, ascii_only):
    line = json.dumps(values, ensure_ascii=ascii_only) + "\n"
    assert rows("jsonl", b'{"first": 1}\n' + line.encode())[1] == (2, values, "")


def test_whole_numbers_of_any_length_keep_all_their_digits():
    line = b'{"id": 123456789012345678901234567890, "more": {"deep": 98765432109876543210987}}\n'
    assert rows("jsonl", line)[0][1] == {
        "id": 123456789012345678901234567890,
        "more": {"deep": 98765432109876543210987},
    }

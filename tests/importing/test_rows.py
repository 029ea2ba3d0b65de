"""A row as an item, or the reason why it is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.importing.mapping import ColumnMapping
from annotations.importing.readers import Row
from annotations.importing.rows import ParsedRow, Problem, RowParser
from annotations.modalities.base import canonical
from annotations.task_types import task_type
from tests.factories import CHOICES

MAPPING = ColumnMapping(
    text="text", external_id="id", gold="gold", groups={"religion": "religion"}, annotators={"label_1": "Ann"}
)
LONG = ColumnMapping(text="text", annotator="who", label="label")


def parse(values: dict, mapping: ColumnMapping = MAPPING) -> ParsedRow | Problem:
    task = task_type("single_choice")
    columns = ["text", "id", "gold", "religion", "label_1", "note"]
    parser = RowParser(mapping=mapping, columns=columns, task=task, config=task.check_config(CHOICES))
    return parser.parse(Row(7, values))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"text": ""}, "Column “text”: The text is empty."),
        ({"text": " \n "}, "Column “text”: The text is empty."),
        ({"text": None}, "The text is empty"),
        ({"id": 2}, "The text is empty"),
        ({"text": "x" * 20_001}, "The text has 20,001 characters; at most 20,000 can be shown."),
        ({"text": "nul\x00l"}, "The text has a NUL character"),
        ({"text": ["a"]}, "Column “text”: the cell is nested"),
        ({"text": {"a": 1}}, "Column “text”: the cell is nested"),
        ({"text": b"a"}, "Column “text”: the cell is binary"),
        ({"text": "\ud800 half"}, "half of a surrogate pair"),
        ({"text": "a", "gold": "nonsense"}, "Column “gold”: “nonsense” is not a label of this project"),
        ({"text": "a", "gold": {"x": 1}}, "Column “gold”: the cell is nested"),
        ({"text": "a", "gold": ["keep"]}, "Column “gold”: The label must be one label key"),
        ({"text": "a", "religion": ["x"]}, "Column “religion”: the cell is nested"),
        ({"text": "a", "religion": "x" * 101}, "at most 100 characters"),
        ({"text": "a", "religion": "x\x00y"}, "NUL"),
        ({"text": "a", "id": "x" * 201}, "an id has at most 200"),
        ({"text": "a", "id": "x\ny"}, "line end"),
        ({"text": "a", "id": "x\x00"}, "NUL"),
        ({"text": "a", "note": "x\x00"}, "NUL"),
        ({"text": "a", "note": {"deep": ["\x00"]}}, "NUL"),
        ({"text": "a", "note": {"\x00": 1}}, "NUL"),
        ({"text": "a", "note": "\udfff"}, "surrogate"),
        ({"text": "a", "note": "x" * 50_001}, "more than 50,000 characters"),
        ({"text": "a", "label_1": "maybe"}, "Column “label_1”: “maybe” is not a label"),
    ],
)
def test_every_kind_of_bad_row_has_its_reason(row, words):
    problem = parse(row)
    assert isinstance(problem, Problem)
    assert (problem.number, problem.kind) == (7, "bad")
    assert words in problem.reason
    problem.excerpt.encode()
    assert "\x00" not in problem.excerpt
    assert len(problem.excerpt) <= 300


def test_a_sound_row():
    row = parse({"text": " Hi ", "id": 5.0, "gold": "KEEP", "religion": " none ", "label_1": "Remove", "note": 1.5})
    assert isinstance(row, ParsedRow)
    assert (row.payload_json, row.external_id, row.gold) == ('{"text":"Hi"}', "5", "keep")
    assert (row.groups, row.labels, row.extra_json) == ({"religion": "none"}, [("Ann", "remove")], '{"note":1.5}')


def test_a_backslash_before_u0000_is_text_and_not_a_nul():
    assert isinstance(parse({"text": "a", "note": "\\u0000"}), ParsedRow)


@pytest.mark.parametrize("empty", ["", "  ", None, float("nan")])
def test_empty_cells_mean_nothing(empty):
    row = parse({"text": "a", "id": empty, "gold": empty, "religion": empty, "label_1": empty})
    assert (row.external_id, row.gold, row.groups, row.labels) == ("", None, {}, [])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": "a", "who": "", "label": "keep"}, "Column “who”: the label has no annotator"),
        ({"text": "a", "who": "x" * 201, "label": "keep"}, "at most 200"),
        ({"text": "a", "who": "\x00", "label": "keep"}, "NUL"),
        ({"text": "a", "who": "w", "label": "hm"}, "Column “label”: “hm” is not a label"),
    ],
)
def test_labels_in_rows_need_both(values, words):
    problem = parse(values, LONG)
    assert isinstance(problem, Problem)
    assert words in problem.reason


def test_a_row_without_label_is_an_item_all_the_same():
    assert parse({"text": "a", "who": "w", "label": ""}, LONG).labels == []
    assert parse({"text": "a", "who": 12, "label": "keep"}, LONG).labels == [("12", "keep")]


def test_equal_groups_of_different_attributes_are_told_apart():
    mapping = ColumnMapping(text="text", groups={"religion": "r", "gender": "g"})
    columns = ["text", "r", "g"]
    parser = RowParser(mapping=mapping, columns=columns, task=task_type("single_choice"), config=CHOICES)
    cells = ({"r": "x"}, {"r": " x "}, {"g": "x"})
    one, two, other = (parser.parse(Row(n, {"text": "a", **values})) for n, values in enumerate(cells))
    assert one.groups == two.groups == {"religion": "x"}
    assert one.groups_json == two.groups_json == '{"religion":"x"}'
    assert (other.groups, other.groups_json) == ({"gender": "x"}, '{"gender":"x"}')


@given(st.dictionaries(st.text(), st.text() | st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)))
def test_canonical_json_has_sorted_keys_no_blanks_and_only_the_needed_escapes(value):
    """Content hashes are made of it: what was stored with one version must be found again with the next."""
    assert canonical(value) == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

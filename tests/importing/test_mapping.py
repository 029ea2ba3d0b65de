"""Column mappings: checked, guessed."""

from __future__ import annotations

import pytest

from annotations.importing.mapping import check_mapping, guess_mapping
from annotations.models import ProtectedAttribute
from ledger.errors import DomainError

COLUMNS = ["text", "id", "religion", "gold", "label_1", "label_2", "who", "what"]


def test_a_whole_mapping_passes_and_comes_back_as_json(cast):
    mapping = check_mapping(
        {"text": "text", "external_id": "id", "groups": {"religion": "religion"}, "annotators": {"label_1": " Ann "}},
        columns=COLUMNS,
        project=cast.project,
    )
    assert mapping.as_json() == {
        "text": "text",
        "external_id": "id",
        "gold": None,
        "groups": {"religion": "religion"},
        "annotators": {"label_1": "Ann"},
        "annotator": None,
        "label": None,
        "extra": True,
    }
    assert mapping.columns == {"text", "id", "religion", "label_1"}


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        ([], "mapping", "JSON object"),
        ({}, "mapping.text", "which column holds the text"),
        ({"text": "nope"}, "mapping.text", "no column “nope”"),
        ({"text": ["text"]}, "mapping.text", "no column"),
        ({"text": "text", "label_column": "x"}, "mapping.label_column", "no part of a mapping"),
        ({"text": "text", "groups": {"age": "religion"}}, "mapping.groups", "no protected attribute “age”"),
        ({"text": "text", "groups": {"religion": "nope"}}, "mapping.groups", "no column “nope”"),
        ({"text": "text", "groups": ["religion"]}, "mapping.groups", "object of texts"),
        ({"text": "text", "annotators": {"nope": "Ann"}}, "mapping.annotators", "no column"),
        ({"text": "text", "annotators": {"label_1": "A", "label_2": "A"}}, "mapping.annotators", "cannot both be"),
        ({"text": "text", "annotators": {"label_1": "A" * 201}}, "mapping.annotators", "at most 200"),
        ({"text": "text", "annotator": "who"}, "mapping.label", "both columns"),
        ({"text": "text", "label": "what"}, "mapping.annotator", "both columns"),
        ({"text": "text", "annotator": "who", "label": "what", "annotators": {"label_1": "A"}},
         "mapping.annotators", "not both"),
        ({"text": "text", "gold": "text"}, "mapping.gold", "cannot be both “text” and “gold”"),
        ({"text": "text", "extra": "yes"}, "mapping.extra", "true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(cast, raw, field, words):
    with pytest.raises(DomainError) as refusal:
        check_mapping(raw, columns=COLUMNS, project=cast.project)
    assert refusal.value.status == 400
    assert words in refusal.value.fields[field][0]


def test_names_and_first_rows_suggest_the_mapping(cast):
    ProtectedAttribute.objects.create(project=cast.project, name="origin", column="target_ident", position=1)
    columns = ["", "case_id", "test_case", "label_gold", "Religion", "target_ident", "label_1", "label_2", "templ_id"]
    row = {"test_case": "a", "label_gold": "Keep", "label_1": "keep", "label_2": "", "case_id": "1", "Religion": "none"}
    guess = guess_mapping(columns=columns, rows=[row, {**row, "label_2": "remove"}], project=cast.project)
    assert guess.as_json() == {
        "text": "test_case",
        "external_id": "case_id",
        "gold": "label_gold",
        "groups": {"religion": "Religion", "origin": "target_ident"},
        "annotators": {"label_1": "label_1", "label_2": "label_2"},
        "annotator": None,
        "label": None,
        "extra": True,
    }


def test_long_labels_are_recognised(cast):
    rows = [{"text": "a", "worker": "w1", "label": "keep"}]
    guess = guess_mapping(columns=["text", "worker", "label"], rows=rows, project=cast.project)
    assert (guess.annotator, guess.label, guess.annotators) == ("worker", "label", {})


def test_a_wrong_label_among_right_ones_does_not_hide_the_column(cast):
    rows = [{"text": "a", "gold": gold} for gold in ("keep", "maybe", "", "remove")]
    assert guess_mapping(columns=["text", "gold"], rows=rows, project=cast.project).gold == "gold"


def test_columns_whose_cells_are_no_labels_are_not_taken_for_labels(cast):
    rows = [{"text": "a", "gold": "nonsense", "label_1": "5", "label_2": "keep", "worker": "w", "label": "hm"}]
    guess = guess_mapping(columns=list(rows[0]), rows=rows, project=cast.project)
    assert (guess.gold, guess.annotators, guess.annotator) == (None, {}, None)


def test_without_a_usual_name_for_the_text_there_is_no_guess_but_for_a_single_column(cast):
    assert guess_mapping(columns=["a", "b"], rows=[{"a": "x", "b": "y"}], project=cast.project) is None
    assert guess_mapping(columns=["whatever"], rows=[], project=cast.project).text == "whatever"

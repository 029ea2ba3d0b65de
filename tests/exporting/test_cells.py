"""Cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import pytest

from annotations.exporting.cells import csv_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://x","y")',
        "=cmd|'/C calc'!A0",
        "+cmd",
        "-cmd",
        "-1+cmd|x",
        "@SUM(A1)",
        "\t=1",
        "\tplain",
        "\r=1",
        "\rplain",
        " =1",
        "\n=1",
        " \t +x",
        "\xa0=1",
        "\ufeff=1",
        "\u200b@x",
        "＝1",
        "＋x",
        "－x",
        "＠x",
        "-",
        "=",
        "- a list",
    ],
)
def test_what_could_run_gets_an_apostrophe(text):
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "a=b",
        "x@y.org",
        "1-2",
        "'=1",
        " plain",
        "-5",
        "+5",
        "-0.25",
        "+.5",
        "-1e-9",
        -5,
        -0.25,
        0,
        None,
        True,
    ],
)
def test_what_cannot_run_stays_and_so_do_numbers(value):
    assert csv_cell(value) == value

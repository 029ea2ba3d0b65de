"""Agreement of real crowds, and how often the same text with another identity got another label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from annotations.agreement import fleiss_kappa, krippendorff_alpha, value_counts
from evenhand.reproduce.examples import number
from evenhand.reproduce.values import DataSet, Value, read_rows, under
from fairness.metrics import flip_rate

HATECHECK_LABELS = ("hateful", "non-hateful")
ANNOTATORS = tuple(f"label_{number}" for number in range(1, 11))
MEASURED = "measured by this project"


def wide_counts(rows: Sequence[dict[str, str]], columns: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Value counts, (rows, labels), of rows with a column per annotator; anything but one of the labels is missing."""
    code = {label: k for k, label in enumerate(labels)}
    cells = [(i, code[row[c]]) for i, row in enumerate(rows) for c in columns if row[c] in code]
    items, values = np.array(cells, dtype=int).reshape(-1, 2).T
    return value_counts(items, values, n_items=len(rows), n_labels=len(labels))


def hatecheck(folder: Path) -> list[Value]:
    rows = read_rows(folder / "hatecheck" / "all_annotations.csv")
    suite = read_rows(folder / "hatecheck" / "test_suite_cases.csv")
    kappa = fleiss_kappa(wide_counts(rows, ANNOTATORS, HATECHECK_LABELS)).value
    paper = "Röttger et al. (2021), ACL"
    return [
        Value("HateCheck: annotated cases", 3901, len(rows), 0, paper),
        Value("HateCheck: cases of the suite", 3728, len(suite), 0, paper),
        Value("HateCheck: Fleiss' κ", 0.9285, number(kappa), 0.00005, f"{paper}, who print .93; {MEASURED}"),
        *_flips(rows, suite),
    ]


def _flips(rows: Sequence[dict[str, str]], suite: Sequence[dict[str, str]]) -> list[Value]:
    """Flips of templates: the suite has each of them for seven identities, and says that all get one label."""
    labelled = {row["case_id"]: row for row in rows}
    families: dict[str, list[dict[str, str]]] = defaultdict(list)
    for case in suite:
        if "[IDENTITY" in case["case_templ"] and case["target_ident"]:
            families[case["templ_id"]].append(labelled[case["case_id"]])

    def rate(column: str) -> float:
        given = {name: [row[column] for row in cases if row[column]] for name, cases in families.items()}
        return number(flip_rate(given).rate.value)

    everybody = [rate(column) for column in ANNOTATORS]
    return [
        Value("HateCheck: templates with identities", 421, len(families), 0, MEASURED),
        Value("HateCheck: template flips, gold", 0, rate("label_gold"), 0, "the suite's construction"),
        Value("HateCheck: template flips, majority", 0, rate("label_annot_maj"), 0, MEASURED),
        Value("HateCheck: template flips, steadiest annotator", 0, min(everybody), 0, MEASURED),
        Value("HateCheck: template flips, mean annotator", 0.0288, float(np.mean(everybody)), 0.00005, MEASURED),
        Value("HateCheck: template flips, least steady annotator", 0.0795, max(everybody), 0.00005, MEASURED),
    ]


def multipico(folder: Path) -> list[Value]:
    rows = read_rows(folder / "multipico" / "annotations.csv")
    source = f"Casola et al. (2024), ACL, development and test part; {MEASURED}"

    def alpha(language: str) -> float:
        own = [row for row in rows if language in ("", row["lang"])]
        _, items = np.unique([row["item_id"] for row in own], return_inverse=True)
        labels = np.array([int(row["label"]) for row in own])
        counts = value_counts(items, labels, n_items=int(items.max(initial=-1)) + 1, n_labels=2)
        return number(krippendorff_alpha(counts).value)

    return [
        Value("MultiPICo: Krippendorff's α", 0.272, alpha(""), 0.0005, source),
        Value("MultiPICo: Krippendorff's α, English", 0.197, alpha("en"), 0.0005, source),
    ]


def dices(folder: Path) -> list[Value]:
    rows = read_rows(folder / "dices350" / "ratings_wide.csv")
    columns = [name for name in (rows[0] if rows else ()) if name not in ("item_id", "expert_gold")]
    alpha = krippendorff_alpha(wide_counts(rows, columns, ["Yes", "No", "Unsure"])).value
    source = f"Aroyo et al. (2023), NeurIPS; {MEASURED}"
    return [Value("DICES-350: Krippendorff's α, nominal", 0.161, number(alpha), 0.0005, source)]


HATECHECK = DataSet(
    "HateCheck",
    under("hatecheck", ("all_annotations.csv", "test_suite_cases.csv")),
    "github.com/paul-rottger/hatecheck-data (CC BY 4.0)",
    hatecheck,
)
MULTIPICO = DataSet(
    "MultiPICo",
    under("multipico", ("annotations.csv",)),
    "github.com/Le-Wi-Di/le-wi-di.github.io, LeWiDi 3, MP (CC BY 4.0), a row for each label",
    multipico,
)
DICES = DataSet(
    "DICES-350",
    under("dices350", ("ratings_wide.csv",)),
    "github.com/google-research-datasets/dices-dataset (CC BY 4.0), a column for each rater",
    dices,
)

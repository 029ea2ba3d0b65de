"""HateCheck from the upload to the last number: a running stack, the public REST API, a real browser, a real model.

The numbers are compared with what statsmodels, krippendorff, scikit-learn and fairlearn make of the published file and
of the exported rows. Run it alone with ``make test PYTEST_OPTIONS="-m acceptance"``.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import combinations

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from tests.acceptance.hatecheck import LABEL_COLUMNS, HateCheck
from tests.acceptance.oracle import by_name, differences, expected, numbers
from tests.acceptance.people import Verdict, Web
from tests.acceptance.project import ATTRIBUTE, LABELS, REDUNDANCY, Owned
from tests.acceptance.stack import Stack
from tests.acceptance.stages import LIVE_LABELS, RUN_ITEMS, Finished, Imported, Watched

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]


def test_every_row_and_every_label_of_the_file_arrives(imported: Imported, hatecheck: HateCheck):
    job = imported.job
    assert (job["status"], job["error"]) == ("done", "")
    assert job["rows_read"] == job["rows_added"] == job["items_added"] == len(hatecheck.rows) == 3901
    assert (job["rows_bad"], job["rows_duplicate"]) == (0, 0)
    assert job["labels_added"] == hatecheck.labels == 5 * 3901
    assert job["bytes_read"] == job["bytes_total"] == sum(map(len, hatecheck.csv()))


def test_agreement_among_the_published_labels_is_the_published_one(imported: Imported, hatecheck: HateCheck):
    found = imported.agreement
    assert (found["raters"], found["items"], found["labels"], found["models"]) == (10, 3901, hatecheck.labels, [])
    everybody = _coefficients(found["people"][0])
    assert everybody["fleiss_kappa"]["value"] == pytest.approx(0.9285, abs=0.00005)
    groups = {scope["group"]: scope for scope in found["people"]}
    assert set(groups) == {"", *hatecheck.groups}
    for group, scope in groups.items():
        rows = [row for row in hatecheck.rows if group in ("", row["target_ident"])]
        counts = np.array([[_given(row).count(label) for label in LABELS] for row in rows])
        coefficients = _coefficients(scope)
        assert coefficients["fleiss_kappa"]["value"] == pytest.approx(fleiss_kappa(counts), abs=1e-12)
        alpha = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert coefficients["krippendorff_alpha"]["value"] == pytest.approx(alpha, abs=1e-12)
        assert coefficients["fleiss_kappa"]["n_items"] == len(rows)


def test_every_pair_of_annotators_agrees_as_in_the_file(imported: Imported, hatecheck: HateCheck):
    found = sorted(
        (pair["shared"], _coefficients(pair)["cohen_kappa"]["value"]) for pair in imported.agreement["pairs"]
    )
    right = []
    for one, other in combinations(LABEL_COLUMNS, 2):
        both = [(row[one], row[other]) for row in hatecheck.rows if row[one] and row[other]]
        if both:  # some two of the ten never met
            right.append((len(both), cohen_kappa_score(*zip(*both, strict=True))))
    assert len(found) == len(right) > 10
    assert np.array(found) == pytest.approx(np.array(sorted(right)), abs=1e-12)


def test_the_open_page_follows_the_model_without_a_reload(watched: Watched):
    assert watched.seen[0] == 0
    assert len(watched.seen) > 5, f"The page counted {watched.seen} of the model's labels within a minute."
    assert watched.seen == sorted(watched.seen), "A count went back while labels were only added."
    assert watched.run_then["status"] == "running", "It all came at the end."
    assert watched.seen[-1] <= watched.run_then["labelled"] + watched.run["step_size"]
    assert not watched.dashboard.reloaded


def test_the_model_labels_every_item_that_it_was_asked_about(finished: Finished):
    run = finished.run
    assert (run["status"], run["total"]) == ("done", RUN_ITEMS)
    assert run["labelled"] + run["unanswered"] == RUN_ITEMS
    assert run["labelled"] >= 200
    rows = [row for row in finished.exported.annotations if row["annotator_kind"] == "model"]
    assert len(rows) == len({row["item_id"] for row in rows}) == run["labelled"]
    who = {(row["annotator"], row["run_id"], row["source"]) for row in rows}
    assert who == {(run["annotator"], run["id"], "model")}
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert row["confidence"] == pytest.approx(row["probabilities"][row["label"]], abs=1e-9)
        assert row["label"] == max(row["probabilities"], key=row["probabilities"].__getitem__)


def test_the_expert_settles_three_cases_by_keyboard(settled: list[Verdict], finished: Finished):
    assert len({verdict.case for verdict in settled}) == 3
    cases = {case["case_id"]: case for case in finished.exported.cases}
    consensus = {row["item_id"]: row for row in finished.exported.consensus}
    texts = {item["item_id"]: item["text"] for item in finished.exported.items}
    for verdict in settled:
        case = cases[verdict.case]
        assert case["status"] == "settled"
        assert (texts[case["item_id"]], case["label"], case["cause"]) == (verdict.text, verdict.label, verdict.cause)
        assert (case["recurrent"], case["reason"]) == (verdict.recurrent, verdict.reason)
        decided = consensus[case["item_id"]]
        assert (decided["method"], decided["label"]) == ("settled", verdict.label)
        assert decided["settlement_id"] == case["settlement_id"]
    assert [row["method"] for row in finished.exported.consensus].count("settled") == 3


def test_every_disagreement_is_a_case(finished: Finished, hatecheck: HateCheck):
    said = defaultdict(set)
    for row in finished.exported.annotations:
        said[row["item_id"]].add(row["label"])
    disputed = {item for item, labels in said.items() if len(labels) > 1}
    cases = [case["item_id"] for case in finished.exported.cases]
    assert len(disputed) > hatecheck.disputed, "The model agreed with people on everything, which this one does not."
    assert set(cases) == disputed
    assert len(cases) == len(disputed)


def test_the_worker_labels_ten_items_by_keyboard(labelled: dict[str, str], finished: Finished):
    texts = {item["item_id"]: item["text"] for item in finished.exported.items}
    rows = [row for row in finished.exported.annotations if row["source"] == "human"]
    assert {texts[row["item_id"]]: row["label"] for row in rows} == labelled
    assert len(rows) == len(labelled) == LIVE_LABELS
    assert len({row["annotator"] for row in rows}) == 1
    assert all(row["active_ms"] for row in rows)
    by_people = Counter(row["item_id"] for row in finished.exported.annotations if row["annotator_kind"] == "human")
    assert set(by_people.values()) == {REDUNDANCY, REDUNDANCY - 1}
    assert {item for item, count in by_people.items() if count == REDUNDANCY} == {row["item_id"] for row in rows}


def test_the_export_gives_back_what_was_uploaded_without_names(finished: Finished, hatecheck: HateCheck):
    items = {item["external_id"]: item for item in finished.exported.items}
    assert len(items) == len(hatecheck.rows)
    for row in hatecheck.rows:
        item = items[row["case_id"]]
        assert (item["text"], item["gold"]) == (row["test_case"].strip(), row["label_gold"])
        assert (item[f"group_{ATTRIBUTE}"] or "") == row["target_ident"]
        assert item["extra"] == {"functionality": row["functionality"]}
    by_annotator = defaultdict(set)
    for row in finished.exported.annotations:
        if row["source"] == "imported":
            by_annotator[row["annotator"]].add((row["external_id"], row["label"]))
    given = [{(row["case_id"], row[column]) for row in hatecheck.rows if row[column]} for column in LABEL_COLUMNS]
    assert sorted(map(sorted, by_annotator.values())) == sorted(map(sorted, given))
    said = json.dumps([finished.exported.annotations, finished.exported.consensus, finished.exported.cases])
    for name in ("annotator_1", "label_1", "@", "olivia", "edgar", "wanda"):
        assert name not in said


@pytest.mark.parametrize("label", LABELS)
def test_every_fairness_number_is_what_fairlearn_says_of_the_exported_rows(finished: Finished, label: str):
    found = by_name(finished.fairness[label])
    assert list(differences(found, expected(finished.exported, label=label))) == []
    assert numbers(found) > 150, "Too few numbers to have compared everything."
    (model,) = found["models"].values()
    shown = {group["group"]: group["selection_rate"]["status"] for group in model["groups"]}
    assert set(shown.values()) == {"ok", "insufficient"}, "The smallest groups are held back, the others are compared."


def test_the_page_shows_those_numbers(finished: Finished, watched: Watched, web: Web):
    """The tab that was opened before the run, still without a reload."""
    fairness = finished.fairness["non-hateful"]  # the favourable label, which the page shows by default
    (model,) = fairness["models"]
    sources = {"People": fairness["people"], "Consensus": fairness["consensus"], model["name"]: model}
    right = {
        (group["group"], name): (group["selected"], group["n"])
        for name, source in sources.items()
        for group in source["groups"]
    }
    dashboard = watched.dashboard
    dashboard.page.wait_for_timeout(1500)
    assert dashboard.counts() == right
    for name, (difference, ratio) in dashboard.differences().items():
        source = sources[name]
        assert difference == f"{100 * source['demographic_parity_difference']['value']:.1f}"
        assert ratio == f"{source['demographic_parity_ratio']['value']:.2f}"
    assert f"{model['kappa']['value']:.2f}".replace("-", "−") in dashboard.tile("tile-kappa")
    assert not dashboard.reloaded
    assert web.failed == []


def test_the_ledger_is_intact_and_the_counters_equal_a_recount(stack: Stack, finished: Finished, project: Owned):
    ledger = stack.evenhand("ledger", "verify")
    assert ledger.returncode == 0, ledger.stderr
    assert "The ledger holds" in ledger.stdout
    recount = stack.evenhand("manage", "fairness_recount")
    assert recount.returncode == 0, recount.stdout + recount.stderr
    assert recount.stdout.strip() == f"Project {project.id}: 0 differing cells"


def test_ctrl_c_stops_everything(stack: Stack, finished: Finished):
    assert stack.stop() == []
    assert stack.process.returncode == 0


def _given(row: dict[str, str]) -> list[str]:
    return [row[column] for column in LABEL_COLUMNS if row[column]]


def _coefficients(scope: dict) -> dict[str, dict]:
    return {coefficient["name"]: coefficient for coefficient in scope["coefficients"]}

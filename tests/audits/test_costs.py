"""All that models used, audits too: the page and the API give the same numbers, purpose by purpose, model by model."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import floatformat
from django.utils import timezone

from fairness.models import AuditCandidate
from llm_workers.models import Endpoint, ModelVersion, RunServer, TrialServer, ValidatorServer
from llm_workers.recipe import Recipe
from llm_workers.services.runs import run_start
from llm_workers.services.trials import Pick, trial_run, trial_start
from llm_workers.templatetags.costs import energy, money
from llm_workers.validating.models import Validator
from tests.factories import make_items
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS
from tests.llm_workers.conftest import work as work_on_run  # noqa: F401

PURPOSES = {
    "runs": "Runs",
    "trials": "Trials of prompts",
    "ratings": "Ratings by validators",
    "audits": "Audits",
    "together": "Together",
}
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)


@pytest.fixture
def used(cast, model, start, work, templates, work_on_run):  # noqa: F811
    """A run, a trial, a validator and an audit of one model; a validator of another."""
    make_items(cast.project, 4)
    work_on_run(run_start(project=cast.project, model=model, started_by=cast.olivia))
    trial = trial_start(project=cast.project, model=model, by=cast.olivia, recipe=Recipe(), pick=Pick())
    trial_run(trial_id=trial.pk)
    other = ModelVersion.objects.create(
        name="other-1",
        price_per_million_prompt=3,
        price_per_million_completion=7,
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    for rating, tokens in ((model, 800), (other, 400)):
        Validator.objects.create(
            project=cast.project, schema=cast.schema, model=rating, prompt="x", prompt_hash=str(rating.pk % 10) * 64,
            rated=7, unanswered=1, prompt_tokens=tokens, completion_tokens=80, cached_tokens=5, seconds=4.0,
        )  # fmt: skip
    return work(start(templates))


def told(cast, api) -> dict[str, Any]:
    return api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/cost/").json()


def rows_of(page: str, table: str) -> list[list[str]]:
    """The texts of the cells of every row of the region that is named by ``table``."""
    body = page.partition(f'role="region" aria-labelledby="{table}">')[2].partition("</table>")[0]
    return [[_text(cell) for cell in CELL.findall(row)] for row in body.split("<tr>")[2:]]


def _text(cell: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", cell)).split())


def as_shown(line: dict[str, Any]) -> list[str]:
    """What the page must say of a line of the API."""
    took = line["server_seconds"]
    return [
        intcomma(line["items"]),
        intcomma(line["prompt_tokens"] + line["completion_tokens"]),
        intcomma(line["cached_tokens"]),
        f"{floatformat(line['model_seconds'], '0g')} s",
        "not measured" if took is None else f"{floatformat(took, '0g')} s",
        "not measured" if line["joules"] is None else energy(line["joules"]),
        "unknown" if line["money"] is None else f"{money(Decimal(line['money']))} {line['currency']}",
    ]


@pytest.mark.parametrize("priced", ["tokens", "time", "not"])
def test_page_and_api_give_the_same_numbers(cast, used, model, page_client, api, priced):
    if priced == "tokens":
        ModelVersion.objects.filter(pk=model.pk).update(price_per_million_prompt=10, price_per_million_completion=20)
    if priced == "time":
        Endpoint.objects.update(price_per_hour=3600, currency="EUR")
        ValidatorServer.objects.create(validator=Validator.objects.get(model=model), url=Endpoint.objects.get().url,
                                       busy_seconds=2)  # fmt: skip
        for rows, field in ((RunServer, "busy_seconds"), (TrialServer, "busy_seconds"),
                            (AuditCandidate, "server_seconds")):  # fmt: skip
            rows.objects.update(**{field: 3})
    found = told(cast, api)
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/runs/costs/").content.decode()
    expected = [[name, *as_shown(found[purpose])] for purpose, name in PURPOSES.items()]
    assert rows_of(page, "used-head") == expected
    by_model = [
        [one["name"], name, *as_shown(one[purpose])]
        for one in found["by_model"]
        for purpose, name in PURPOSES.items()
        if purpose != "together" and one[purpose] is not None
    ]
    assert rows_of(page, "by-model-title") == by_model
    assert len(by_model) == 5
    assert found["together"]["money"] is None if priced == "not" else Decimal(found["together"]["money"]) > 0


def test_an_audit_is_a_line_of_its_own_and_in_the_sum(cast, used, model, api, templates):
    ModelVersion.objects.filter(pk=model.pk).update(price_per_million_prompt=10, price_per_million_completion=0)
    found = told(cast, api)
    line, requests = found["audits"], 2 * templates.size
    assert (line["items"], line["prompt_tokens"]) == (templates.size, requests * PROMPT_TOKENS)
    assert (line["cached_tokens"], line["joules"]) == (requests * CACHED_TOKENS, None)
    assert (Decimal(line["money"]), line["counted_by"]) == (Decimal(requests * PROMPT_TOKENS * 10) / 10**6, "tokens")
    assert found["together"]["items"] == 4 + 4 + 16 + templates.size
    own = next(one for one in found["by_model"] if one["model"] == model.pk)
    assert own["audits"] == line
    assert own["together"]["items"] == 4 + 4 + 8 + templates.size
    other = next(one for one in found["by_model"] if one["name"] == "other-1")
    assert (other["runs"], other["trials"], other["audits"]) == (None, None, None)
    assert other["ratings"]["items"] == other["together"]["items"] == 8
    (labels,) = found["models"]
    assert labels["figures"]["prompt_tokens"] == 4 * PROMPT_TOKENS  # a label's price is without them


def test_an_audit_of_a_model_that_is_gone_keeps_its_name(cast, used, model, api):
    AuditCandidate.objects.update(model=10**6, name="gone-1")
    gone = next(one for one in told(cast, api)["by_model"] if one["name"] == "gone-1")
    assert (gone["model"], gone["audits"]["money"]) == (10**6, None)
    assert gone["audits"]["unknown_because"] == "The model is no longer known."

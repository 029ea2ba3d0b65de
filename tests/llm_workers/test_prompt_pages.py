"""Pages and API of prompts and the playground: works · bad input · other people's ids · limits. Roles: the matrix."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotations.models import Annotation, Run
from llm_workers.models import Prompt, Trial
from llm_workers.recipe import Recipe
from llm_workers.selectors.prompts import recipe_of
from llm_workers.services.prompting import prompt_create, version_of
from llm_workers.services.trials import Pick, trial_run, trial_start
from tests.factories import make_items, make_project


def fields(**changes):
    return {"name": "Careful", "instructions": "", "language": "en", "thinking": "off", "orders": 1, "samples": 1,
            "temperature": 0.7, "way": "none", "count": 4, "attribute": "", "seed": 0, "picked": "", "do": "save",
            **changes}  # fmt: skip


@pytest.fixture
def prompt(cast) -> Prompt:
    return prompt_create(project=cast.project, by=cast.olivia, name="Mine", recipe=Recipe(thinking="after", samples=3))


@pytest.fixture
def foreign(cast) -> Prompt:
    return prompt_create(project=make_project(cast.stan), by=cast.stan, name="Theirs", recipe=Recipe())


def test_an_owner_makes_changes_and_deletes_a_prompt(cast, page_client):
    items = make_items(cast.project, 2)
    owner = page_client(cast.olivia)
    lines = f"{items[0].external_id} = keep\n{items[1].pk} = Remove"
    answer = owner.post(
        reverse("run_prompts_new", args=[cast.project.pk]), fields(way="hand", picked=lines, stated="on")
    )
    made = Prompt.objects.get()
    address = reverse("run_prompts_one", args=[cast.project.pk, made.pk])
    assert answer.url == address
    assert recipe_of(made) == Recipe(way="hand", stated=True, picked=((items[0].pk, "keep"), (items[1].pk, "remove")))
    page = owner.get(address).content.decode()
    assert f"{items[0].external_id} = keep" in page
    assert "Right answer: A" in page
    assert owner.post(address, fields(name="Quick", instructions="Be quick.")).url == address
    assert "Be quick." in owner.get(address).content.decode()
    listed = owner.get(reverse("run_prompts", args=[cast.project.pk])).content.decode()
    assert "Quick" in listed
    owner.post(reverse("run_prompts_delete", args=[cast.project.pk, made.pk]))
    assert not Prompt.objects.exists()


def test_an_auditor_reads_the_choices_and_changes_nothing(cast, prompt, page_client):
    address = reverse("run_prompts_one", args=[cast.project.pk, prompt.pk])
    page = page_client(cast.audrey).get(address).content.decode()
    assert "3, at temperature 0.7" in page
    assert "The label, then a short reason" in page
    assert "<textarea" not in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "required"),
        ({"way": "hand", "picked": "x"}, "is not “item = label”"),
        ({"way": "hand"}, "Pick between 1 and 20"),
        ({"orders": 50, "samples": 20}, "at most 60 requests"),
        ({"language": "xx"}, "valid choice"),
    ],
)
def test_a_form_with_a_fault_says_what_it_is(cast, page_client, changes, message):
    answer = page_client(cast.olivia).post(reverse("run_prompts_new", args=[cast.project.pk]), fields(**changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not Prompt.objects.exists()


def test_the_words_of_an_unsaved_draft_are_tried_and_not_saved(cast, model, prompt, page_client):
    make_items(cast.project, 3)
    address = reverse("run_prompts_one", args=[cast.project.pk, prompt.pk])
    sent = fields(do="try", instructions="Only a draft.", **{"try-model": model.pk, "try-draw": 0, "try-items": ""})
    answer = page_client(cast.olivia).post(address, sent)
    trial = Trial.objects.get()
    assert answer.url == reverse("run_trial", args=[cast.project.pk, trial.pk])
    assert ("Only a draft." in trial.text, trial.prompt) == (True, prompt)
    prompt.refresh_from_db()
    assert prompt.instructions == ""
    again = page_client(cast.olivia).post(address, sent)
    assert again.status_code == 422
    assert "still goes on" in again.content.decode()
    wrong = page_client(cast.olivia).post(address, sent | {"try-items": "no-such"})
    assert "No item of this project: no-such." in wrong.content.decode()


def test_the_playground_asks_and_shows_everything(cast, llm, model, prompt, page_client):
    make_items(cast.project, 12, gold="keep")
    owner = page_client(cast.olivia)
    address = reverse("run_playground", args=[cast.project.pk])
    answer = owner.post(address, {"prompt": prompt.pk, "model": model.pk, "draw": 1, "items": "", "spread": "religion"})
    trial = Trial.objects.get()
    page = owner.get(answer.url).content.decode()
    assert "0 of 10" in page
    assert 'hx-trigger="every 2s"' in page
    assert "3 requests for each item" in page
    trial_run(trial_id=trial.pk)
    page = owner.get(answer.url).content.decode()
    assert "hx-trigger" not in page.partition('id="trial-live"')[2].partition(">")[0]
    for part in ("=== system ===", "Keep what fits.", "The rules say so.", "Tokens of a whole run", "Gold", "bits"):
        assert part in page
    fragment = owner.get(reverse("run_trial_progress", args=[cast.project.pk, trial.pk])).content.decode()
    assert "<html" not in fragment
    assert "1 trial:" in owner.get(address).content.decode()
    assert not Annotation.objects.exists()


def test_without_a_server_the_playground_says_what_to_do(cast, settings, page_client):
    settings.LLM_BASE_URLS = []
    page = page_client(cast.olivia).get(reverse("run_playground", args=[cast.project.pk])).content.decode()
    assert "No model is served now" in page
    assert reverse("models") in page


def test_a_run_is_started_with_a_prompt_and_shows_its_version(cast, model, prompt, page_client):
    make_items(cast.project, 2)
    owner, address = page_client(cast.olivia), reverse("runs", args=[cast.project.pk])
    shown = owner.get(reverse("run_prompt", args=[cast.project.pk]), {"prompt": prompt.pk}).content.decode()
    assert "reason" in shown
    form = {"model": model.pk, "step_size": 5, "orders": 1, "max_items": "", "prompt": prompt.pk}
    answer = owner.post(address, form)
    page = owner.get(answer.url).content.decode()
    assert "Mine</a>, version 1" in page
    assert "0.7, 3 samples in each order" in page
    assert Run.objects.get().annotator.model_annotator.prompt.prompt == prompt


def test_another_project_s_prompt_is_not_there(cast, model, foreign, page_client, api):
    make_items(cast.project, 1)
    owner, client = page_client(cast.olivia), api(cast.olivia)
    for name in ("run_prompts_one", "run_prompts_delete"):
        assert owner.post(reverse(name, args=[cast.project.pk, foreign.pk])).status_code == 404
    form = {"model": model.pk, "step_size": 5, "orders": 1, "prompt": foreign.pk, "draw": 0}
    assert owner.post(reverse("runs", args=[cast.project.pk]), form).status_code == 422
    assert owner.post(reverse("run_playground", args=[cast.project.pk]), form).status_code == 422
    start = {"model": model.pk, "prompt": foreign.pk}
    for address in ("runs", "playground"):
        assert client.post(f"/api/v1/projects/{cast.project.pk}/{address}/", start, format="json").status_code == 404
    assert client.get(f"/api/v1/projects/{cast.project.pk}/prompts/{foreign.pk}/").status_code == 404
    shown = owner.get(reverse("run_prompt", args=[cast.project.pk]), {"prompt": foreign.pk})
    assert shown.status_code == 200
    assert "reason" not in shown.content.decode()


def test_prompts_by_api(cast, api):
    (item,) = make_items(cast.project, 1)
    client, address = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/prompts/"
    sent = {"name": "Mine", "way": "hand", "picked": [{"item": item.pk, "value": "keep"}], "thinking": "before"}
    answer = client.post(address, sent, format="json")
    made = answer.json()
    assert (answer.status_code, made["picked"]) == (201, sent["picked"])
    version_of(prompt=Prompt.objects.get(), schema=cast.schema)
    found = client.get(answer.headers["Location"]).json()
    assert (found["versions"][0]["number"], found["versions"][0]["examples"]) == (1, [item.pk])
    changed = client.put(answer.headers["Location"], {"name": "Mine", "language": "es"}, format="json").json()
    assert (changed["language"], changed["thinking"], changed["picked"]) == ("es", "off", [])
    assert client.get(address).json()["results"][0]["versions"] == 1
    bad = client.post(address, {"name": "Mine", "samples": 99}, format="json")
    assert "samples" in bad.json()["error"]["fields"]
    assert client.post(address, {"name": "Mine"}, format="json").status_code == 400
    assert client.delete(answer.headers["Location"]).status_code == 204
    assert client.get(answer.headers["Location"]).status_code == 404


def test_a_trial_by_api_of_a_saved_prompt_and_of_unsaved_words(cast, model, prompt, api):
    items = make_items(cast.project, 3)
    client, address = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/playground/"
    start = {"model": model.pk, "prompt": prompt.pk, "items": [items[1].pk]}
    answer = client.post(address, start, format="json")
    assert answer.status_code == 201
    assert client.post(address, start, format="json").json()["error"]["code"] == "trial_running"
    trial_run(trial_id=answer.json()["id"])
    found = client.get(answer.headers["Location"]).json()
    assert (found["status"], found["requests_per_item"], found["estimate"]) == ("done", 3, None)
    assert found["answers"][0]["item"] == items[1].pk
    assert found["answers"][0]["reason"] == "The rules say so."
    unsaved = client.post(address, {"model": model.pk, "recipe": {"instructions": "Now."}}, format="json")
    assert Trial.objects.get(pk=unsaved.json()["id"]).recipe["instructions"] == "Now."
    assert len(client.get(address).json()["results"]) == 2
    for bad in ({"recipe": {"samples": 0}}, {"items": [10**30]}, {"items": list(range(1, 12))}):
        assert client.post(address, {"model": model.pk, **bad}, format="json").status_code == 400


def test_lists_need_as_many_queries_for_many_as_for_few(cast, model, api, page_client, django_assert_max_num_queries):
    make_items(cast.project, 12)
    for number in range(6):
        made = prompt_create(project=cast.project, by=cast.olivia, name=f"p{number}", recipe=Recipe(orders=number + 1))
        facts = {"project": cast.project, "model": model, "by": cast.olivia, "recipe": recipe_of(made)}
        trial_run(trial_id=trial_start(pick=Pick(), prompt=made, **facts).pk)
    owner, trial = page_client(cast.olivia), Trial.objects.latest("id")
    for name, arguments, most in (
        ("run_prompts", [], 9), ("run_playground", [], 14), ("run_trial", [trial.pk], 10),
        ("run_prompts_one", [trial.prompt_id], 14), ("api_prompts", [], 6), ("api_playground", [], 6),
        ("api_trial", [trial.pk], 8),
    ):  # fmt: skip
        client = api(cast.olivia) if name.startswith("api_") else owner
        with django_assert_max_num_queries(most):
            assert client.get(reverse(name, args=[cast.project.pk, *arguments])).status_code == 200

"""A run from start to end: labels, usage, consequences."""

from __future__ import annotations

from annotations.models import Annotation, Case, Checkpoint, OutboxRow
from ledger.models import LedgerEvent
from llm_workers.models import RunItem
from tests.factories import add_label, make_annotator, make_items
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS


def test_every_item_gets_one_label_with_its_probability(cast, llm, start, work):
    llm.choose = lambda text, names: ["Remove"]
    make_items(cast.project, 7)
    run = work(start())
    assert (run.status, run.labelled, run.unanswered, run.total) == ("done", 7, 0, 7)
    labels = list(Annotation.objects.filter(run=run))
    assert len({label.item_id for label in labels}) == 7
    for label in labels:
        assert label.value == "remove"
        assert abs(label.confidence - 0.8) < 1e-6
        assert abs(sum(label.probabilities.values()) - 1) < 1e-9
        assert set(label.probabilities) == {"keep", "review", "remove"}


def test_usage_is_counted_once_per_item_and_summed_on_the_run(cast, start, work):
    make_items(cast.project, 5)
    run = work(start())
    rows = RunItem.objects.filter(run=run)
    assert {(row.prompt_tokens, row.completion_tokens, row.cached_tokens) for row in rows} == {
        (PROMPT_TOKENS, 2, CACHED_TOKENS)
    }
    assert run.prompt_tokens == 5 * PROMPT_TOKENS
    assert run.completion_tokens == 10
    assert run.plan.cached_tokens == 5 * CACHED_TOKENS
    assert abs(run.model_seconds - sum(row.seconds for row in rows)) < 1e-6


def test_labels_reach_cases_outbox_and_ledger_in_the_same_way_as_peoples(cast, llm, start, work):
    llm.choose = lambda text, names: ["Remove"]
    (item,) = make_items(cast.project)
    for _ in range(2):
        add_label(item, make_annotator(cast.project), "keep")
    OutboxRow.objects.all().delete()
    run = work(start())
    assert Case.objects.get(item=item).kind == "human_model"
    assert OutboxRow.objects.get().after["models"] == {str(run.annotator_id): "remove"}
    kinds = list(LedgerEvent.objects.filter(subject=f"run:{run.pk}").order_by("id").values_list("kind", flat=True))
    assert kinds == ["run.started", "checkpoint.reached", "run.finished"]
    submitted = LedgerEvent.objects.get(kind="annotation.submitted", actor=f"annotator:{run.annotator_id}")
    assert submitted.data["item"] == item.pk
    assert submitted.data["value"] == "remove"


def test_a_checkpoint_at_every_step_and_at_the_end(cast, llm, start, work):
    llm.choose = lambda text, names: ["Keep"]
    items = make_items(cast.project, 7)
    for item in items[:2]:
        for _ in range(2):
            add_label(item, make_annotator(cast.project), "keep" if item == items[0] else "remove")
    run = work(start(step_size=3))
    checkpoints = list(Checkpoint.objects.filter(run=run))
    assert [checkpoint.number for checkpoint in checkpoints] == [1, 2, 3]
    # Labels are stored in the bunches in which answers come, so a checkpoint may stand a label or two past its step.
    assert [checkpoint.labelled // 3 for checkpoint in checkpoints[:2]] == [1, 2]
    assert checkpoints[-1].labelled == 7
    figures = checkpoints[-1].figures
    assert (figures["compared"], figures["agreed"]) == (2, 1)
    assert figures["prompt_tokens"] == run.prompt_tokens


def test_a_second_run_labels_only_what_is_new(cast, start, work):
    make_items(cast.project, 3)
    first = work(start())
    make_items(cast.project, 2)
    second = work(start())
    assert second.annotator_id == first.annotator_id
    assert (second.total, second.labelled) == (2, 2)
    assert Annotation.objects.filter(annotator=first.annotator, status="current").count() == 5


def test_at_most_so_many_items_in_an_order_that_the_seed_decides(cast, start, work):
    make_items(cast.project, 20)

    def picked(seed: int) -> list[int]:
        run = start(max_items=6, seed=seed)
        chosen = list(RunItem.objects.filter(run=run).order_by("id").values_list("item_id", flat=True))
        run.delete()
        return chosen

    assert len(picked(1)) == 6
    assert picked(1) == picked(1)
    assert picked(1) != picked(2)
    assert picked(1) != sorted(picked(1))


def test_the_model_is_never_shown_what_people_said_nor_gold_nor_groups(cast, llm, start, work):
    (item,) = make_items(cast.project, gold="remove", groups={"religion": "zoroastrian"})
    item.payload = {"text": "Where is the ladder?"}
    item.save()
    add_label(item, make_annotator(cast.project, name="Wanda the worker"), "remove", reason="It is rude, I say.")
    work(start())
    (body,) = llm.requests
    words = "".join(message["content"] for message in body["messages"])
    assert "Where is the ladder?" in words
    assert "Keep what fits." in words
    for secret in ("zoroastrian", "Wanda", "rude", item.external_id):
        assert secret not in words


def test_options_rotate_from_item_to_item_and_the_label_follows_the_name(cast, llm, start, work):
    llm.choose = lambda text, names: ["Review"]
    make_items(cast.project, 60)  # an item's order follows from its number, so that a dozen may miss one of the three
    run = work(start())
    assert {tuple(row.rotations) for row in RunItem.objects.filter(run=run)} == {(0,), (1,), (2,)}
    assert set(Annotation.objects.filter(run=run).values_list("value", flat=True)) == {"review"}
    codes = {body["messages"][1]["content"].partition(". Review")[0][-1] for body in llm.requests}
    assert codes == {"A", "B", "C"}


def test_all_requests_begin_alike_so_that_servers_can_reuse_their_work(cast, llm, start, work):
    make_items(cast.project, 4)
    work(start())
    assert len({body["messages"][0]["content"] for body in llm.requests}) == 1
    assert all(body["temperature"] == 0 for body in llm.requests)


def test_several_orders_are_asked_and_averaged(cast, llm, start, work):
    # A model that always says the first option: one order says nothing about the item, all together cancel out.
    llm.answer = lambda body: [("A", {"A": 0.5, "B": 0.25, "C": 0.25}), ("", {"": 1.0})]
    make_items(cast.project, 2)
    run = work(start(orders=3))
    assert len(llm.requests) == 6
    for label in Annotation.objects.filter(run=run):
        assert all(abs(share - 1 / 3) < 1e-9 for share in label.probabilities.values())
    assert run.prompt_tokens == 6 * PROMPT_TOKENS


def test_a_reason_is_asked_for_and_kept_where_the_run_wants_one(cast, llm, start, work):
    make_items(cast.project)
    run = work(start(with_reason=True))
    label = Annotation.objects.get(run=run)
    assert label.reason == "The rules say so."
    assert abs(label.confidence - 0.8) < 1e-6
    assert "json" in llm.requests[0]["structured_outputs"]

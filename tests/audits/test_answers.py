"""The answers behind each figure of a candidate: as many as it counts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fairness.audits.answers import PARTS, Asked, answers_of
from fairness.audits.leaderboard import figure_of
from fairness.audits.tables import TABLES
from fairness.models import AuditAnswer
from ledger.errors import DomainError
from tests.audits.made import make_audit
from tests.fairness.test_behind_numbers import counts_in, sections_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(cast) -> Any:
    """Of its answers three are without a usable label, and two without a confidence."""
    made = make_audit(cast).candidates.get(name="skewed-1b")
    ids = list(AuditAnswer.objects.filter(candidate=made).order_by("probe__number").values_list("pk", flat=True))
    AuditAnswer.objects.filter(pk__in=ids[5:8]).update(value=None, problem="No label.", votes=[], confidence=None)
    AuditAnswer.objects.filter(pk__in=ids[20:22]).update(confidence=None)
    made.answered, made.unanswered = made.answered - 3, 3
    made.results = None
    made.status, made.measured_at = "waiting", None
    made.save(update_fields=["results", "status", "measured_at", "answered", "unanswered"])
    from fairness.audits.finishing import candidate_measure

    candidate_measure(candidate=made)
    made.refresh_from_db()
    return made


def behind(client: Any, url: str) -> tuple[int, int]:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.context["page"].paginator.count, answer.context["families"]


def test_as_many_answers_or_families_are_behind_each_count_as_it_says(candidate, cast, page_client):
    client = page_client(cast.olivia)
    context = client.get(f"/audits/{candidate.audit_id}/models/{candidate.pk}/").context
    shown = [context[name] for name in ("tiles", "attributes", "intersections", "tasks")]
    counts = [one for one in counts_in(shown) if one.url]
    assert len(counts) > 60
    for one in counts:
        answers, families = behind(client, one.url)
        by_family = "part=families" in one.url or "part=flipped" in one.url
        assert one.n == (families if by_family else answers), one


def test_every_tile_has_a_definition_and_says_what_it_counts(candidate, cast, page_client):
    page = page_client(cast.olivia).get(f"/audits/{candidate.audit_id}/models/{candidate.pk}/")
    tiles = page.context["tiles"]
    assert all(tile.definition for tile in tiles)
    assert {tile.id for tile in tiles if not tile.behind} == {"tile-speed", "tile-memory", "tile-gpu-memory"}
    assert "Neighbour consistency" in {tile.label for tile in tiles}
    found = sections_of(page.content.decode())
    assert found.stats
    assert all(found.stats)
    for one in found.found:
        if one["figures"] and one["id"] != "intersections-title":
            assert one["definitions"], one["id"]


def test_counts_of_parts_are_those_of_the_stored_figures(candidate):
    results = candidate.results

    def count(**asked: str) -> int:
        return len(answers_of(candidate, Asked(**asked)).ids)

    overall = results["overall"]
    assert count() == overall["n"]
    assert count(part="unanswered") == 3
    assert count(part="answered") == overall["answered"] == overall["accuracy"]["n"]
    assert count(part="judged") == overall["calibration_error"]["n"] == overall["answered"] - 2
    assert count(part="right") == round(overall["accuracy"]["value"] * overall["answered"])
    assert count(part="right") + count(part="wrong") == overall["answered"]
    assert count(part="neighbours") == results["consistency"]["overall"]["n"]
    woman = results["attributes"]["gender"]["groups"]["woman"]
    of = {"attribute": "gender", "group": "woman"}
    assert count(part="true", **of) == woman["true_positive_rate"]["n"]
    assert count(part="false", **of) == woman["false_positive_rate"]["n"]
    rate = figure_of(woman["selection_rate"])
    assert count(part="favourable", **of) == round((rate.value or 0) * rate.n)
    assert count(part="favourable", **of) == sum(
        count(part=part, **of) for part in ("true_favourable", "false_favourable")
    )


def test_a_page_of_answers_says_what_was_asked_and_what_is_right(candidate, cast, page_client):
    client = page_client(cast.audrey)
    address = f"/audits/{candidate.audit_id}/models/{candidate.pk}/answers/"
    text = client.get(address, {"part": "unanswered"}).content.decode()
    assert "3 answers" in text
    assert text.count("no usable answer") == 3
    assert (
        client.get(address, {"part": "wrong", "attribute": "gender", "group": "woman", "page": "2"}).status_code == 200
    )
    assert client.get(address, {"part": "everything"}).status_code == 400
    assert client.get(address, {"group": "nobody", "attribute": "gender"}).context["page"].paginator.count == 0
    with pytest.raises(DomainError):
        Asked.of({"part": "everything"})
    assert all(client.get(address, {"part": part}).status_code == 200 for part in PARTS)


def test_every_chart_of_an_audit_can_be_taken_away(candidate, cast, page_client):
    client = page_client(cast.olivia)
    pages = (f"/audits/{candidate.audit_id}/", f"/audits/{candidate.audit_id}/models/{candidate.pk}/")
    source = "".join(client.get(address).content.decode() for address in pages)
    addresses = set(re.findall(r'href="(/audits/\d+/[a-z]+\.csv)', source))
    names = {address.rpartition("/")[2].removesuffix(".csv") for address in addresses}
    assert names >= set(TABLES) - {"changes"}  # there is no earlier audit
    for table in TABLES:
        answer = client.get(f"/audits/{candidate.audit_id}/{table}.csv")
        lines = answer.content.decode().splitlines()
        assert answer.status_code == 200
        assert len(lines) > 1 or table == "changes"
        assert len({line.count(",") for line in lines[:1]}) == 1
    assert 'data-save-png="#pareto-plot"' in source

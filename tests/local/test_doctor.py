"""Each part that is broken is found, and the doctor says how to mend it."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.migrations.recorder import MigrationRecorder

from evenhand.cli import main
from evenhand.doctor import checks, health, heartbeat, run
from evenhand.doctor.report import Check, Finding, as_data, as_text, exit_code, perform
from evenhand.env import Environment
from evenhand.local.state import InstanceLock, State, write_state
from tests.local.web import Site, serve

CLOSED = "redis://127.0.0.1:9/0"


def check(part: str) -> Finding:
    return perform(next(check for check in checks.CHECKS if check.part == part))


@pytest.fixture
def no_broker(settings):
    settings.REDIS_URL = CLOSED
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [CLOSED]}}
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CLOSED}}


@pytest.fixture
def silence():
    """No process has given a sign of life."""
    for name in ("beat", "relay"):
        cache.delete(heartbeat.KEY.format(name))
    heartbeat._last_sent.clear()


@pytest.mark.django_db
def test_a_living_database_with_all_migrations_is_well():
    assert check("database").status == "ok"
    assert check("database").found.startswith("PostgreSQL ")
    assert check("migrations") == Finding("migrations", "ok", "all applied")


@pytest.mark.django_db
def test_a_migration_that_is_missing_is_named_with_the_command(django_user_model):
    MigrationRecorder.Migration.objects.filter(app="fairness").delete()
    finding = check("migrations")
    assert finding.status == "fail"
    assert "fairness." in finding.found
    assert "evenhand manage migrate" in finding.mend


@pytest.mark.django_db
def test_too_old_a_database_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "OLDEST_POSTGRES", 99)
    assert check("database").status == "fail"
    assert "upgrade it" in check("database").mend


def test_a_database_that_is_away_is_a_finding_and_not_a_crash():
    # Without permission to use it, the connection fails as it would when nothing listens.
    finding = check("database")
    assert finding.status == "fail"
    assert "evenhand up" in finding.mend
    assert "DATABASE_URL" in finding.mend


def test_the_broker_and_the_channel_layer_are_well():
    assert check("broker").status == "ok"
    assert check("broker").found.startswith("Valkey ")
    assert check("channel layer").status == "ok"


def test_a_broker_that_throws_entries_away_is_a_warning(monkeypatch):
    monkeypatch.setattr(
        checks.redis.Redis,
        "info",
        lambda self: {
            "redis_version": "8.0",
            "used_memory_human": "1M",
            "maxmemory": 5,
            "maxmemory_policy": "allkeys-lru",
        },
    )
    finding = check("broker")
    assert finding.status == "warn"
    assert "noeviction" in finding.mend


@pytest.mark.parametrize("part", ["broker", "channel layer", "beat", "relay"])
def test_without_a_broker_every_part_that_needs_it_says_so(no_broker, part):
    finding = check(part)
    assert finding.status == "fail"
    assert "REDIS_URL" in finding.mend or "broker first" in finding.mend


def test_no_worker_is_found_with_the_command_that_starts_one():
    finding = check("worker")
    assert finding.status == "fail"
    assert "celery -A evenhand worker --queues default,llm" in finding.mend


def test_a_queue_that_nobody_works_on_is_named(monkeypatch):
    class Inspect:
        def active_queues(self):
            return {"worker@here": [{"name": "default"}]}

    monkeypatch.setattr(checks.celery_app.control, "inspect", lambda timeout: Inspect())
    finding = check("worker")
    assert finding.found == "nobody works on the queue llm"
    assert finding.mend.endswith("--queues llm")


@pytest.mark.parametrize("part", ["beat", "relay"])
def test_a_silent_process_is_found_and_a_sign_of_life_believed(silence, part):
    assert (check(part).status, check(part).found) == ("fail", "no sign of life")
    assert part in check(part).mend
    heartbeat.beat(part)
    assert check(part).status == "ok"
    cache.set(heartbeat.KEY.format(part), time.time() - 500)
    assert check(part).found == "silent for 500 s"


def test_a_sign_of_life_never_stops_its_process(no_broker):
    heartbeat._last_sent.clear()
    heartbeat.beat("beat")
    assert heartbeat._last_sent == {}


def test_beat_says_that_it_is_alive_and_keeps_its_times(silence, tmp_path):
    from evenhand.celery import app

    scheduler = heartbeat.HeartbeatScheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    scheduler.setup_schedule()
    scheduler.schedule.clear()
    assert scheduler.tick() <= heartbeat.EVERY_SECONDS
    scheduler.close()
    assert heartbeat.seconds_since("beat") < 5


MODELS = {"object": "list", "data": [{"id": "tiny", "owned_by": "OWNER"}]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("owner", "dialect"), [("vllm", "vLLM"), ("llamacpp", "llama.cpp"), ("somebody", "plain OpenAI")]
)
def test_the_dialect_and_the_models_are_found_by_asking(settings, owner, dialect):
    answer = json.dumps(MODELS).replace("OWNER", owner)
    with serve(Site(files={"/v1/models": answer.encode()})) as site:
        settings.LLM_BASE_URLS = [f"{site.url}/v1"]
        finding = check("language model")
    assert (finding.status, finding.mend) == ("ok", "")
    assert finding.found == f"{site.url}/v1 speaks {dialect}, serves tiny"


@pytest.mark.django_db
def test_a_server_that_is_none_is_found_and_one_of_two_is_a_warning(settings):
    with serve(Site(files={"/v1/models": json.dumps(MODELS).encode(), "/web/models": b"<html>"})) as site:
        settings.LLM_BASE_URLS = [f"{site.url}/web", "http://127.0.0.1:9/v1"]
        assert check("language model").status == "fail"
        assert "not an OpenAI-compatible server" in check("language model").found
        assert "LLM_BASE_URL" in check("language model").mend
        settings.LLM_BASE_URLS = [f"{site.url}/v1", "http://127.0.0.1:9/v1"]
        assert check("language model").status == "warn"


@pytest.mark.django_db
def test_a_server_that_refuses_the_key_is_said(settings):
    with serve(Site(files={"/v1/models": b"{}"}, login=("", ""))) as site:
        settings.LLM_BASE_URLS = [f"{site.url}/v1"]
        assert "LLM_API_KEY" in check("language model").found


@pytest.mark.django_db
def test_no_language_model_is_a_warning_with_two_ways_out(settings):
    settings.LLM_BASE_URLS = []
    finding = check("language model")
    assert finding.status == "warn"
    assert "evenhand models fetch" in finding.mend
    assert "LLM_BASE_URL" in finding.mend


@pytest.mark.parametrize(("free", "status"), [(10**8, "fail"), (10**9, "warn"), (10**11, "ok")])
def test_the_disk_is_judged_by_what_is_free(monkeypatch, free, status):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda path: usage._replace(free=free))
    assert check("disk").status == status
    assert (check("disk").mend == "") is (status == "ok")


def test_missing_front_end_libraries_are_named(monkeypatch, settings, tmp_path):
    assert check("static files").status == "ok"
    monkeypatch.setattr(checks.finders, "find", lambda name: None)
    settings.STATIC_ROOT = tmp_path
    assert "pico" in check("static files").found
    assert "npm ci" in check("static files").mend


def test_the_web_address_of_a_running_instance_is_asked(settings, tmp_path):
    (tmp_path / "run").mkdir()
    settings.EVENHAND_HOME = tmp_path
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert check("web").status == "warn"
    lock = InstanceLock(tmp_path)
    lock.acquire()
    try:
        with serve(Site(files={"/healthz": b"{}"})) as site:
            write_state(tmp_path, State(pid=1, address=site.url))
            assert check("web") == Finding("web", "ok", f"{site.url} answers")
            site.files.clear()
            assert "answered 404" in check("web").found
        assert check("web").status == "fail"
    finally:
        lock.release()


def test_every_check_that_fails_unforeseen_still_has_its_advice():
    def broken() -> Finding:
        raise RuntimeError("first line\nsecond")

    assert perform(Check("part", broken, "do this")) == Finding("part", "fail", "first line", "do this")
    assert all(check.mend for check in checks.CHECKS)


def test_the_exit_code_and_both_forms_of_the_report():
    findings = [Finding("a", "ok", "fine"), Finding("bb", "warn", "odd", "look"), Finding("c", "fail", "bad", "mend")]
    assert exit_code(findings) == 1
    assert exit_code(findings[:2]) == 0
    assert as_data(findings)["healthy"] is False
    assert as_data(findings)["parts"][2] == {"part": "c", "status": "fail", "found": "bad", "mend": "mend"}
    assert as_text(findings).split("\n")[1:3] == ["warn  bb  odd", "          → look"]


def test_the_command_prints_json_and_leaves_with_the_code(monkeypatch):
    monkeypatch.setattr(run, "examine", lambda: [Finding("disk", "fail", "full", "free some")])
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["parts"][0]["mend"] == "free some"


def test_a_wrong_variable_is_the_first_thing_that_is_said(monkeypatch):
    import django

    from evenhand.env import EnvError

    def refuse() -> None:
        raise EnvError("REDIS_URL: cannot be used.")

    monkeypatch.setattr(django, "setup", refuse)
    findings = run.examine()
    assert [finding.part for finding in findings] == ["evenhand up", "settings"]
    assert findings[1].found == "REDIS_URL: cannot be used."


def test_the_health_of_the_web_container_is_asked_under_its_own_name():
    with serve(Site(files={"/healthz": b"{}"})) as site:
        port = site.url.rsplit(":", 1)[1]
        assert health.web(Environment({"EVENHAND_PORT": port, "EVENHAND_HOSTS": "label.example"})) == ""
        site.files.clear()
        assert health.web(Environment({"EVENHAND_PORT": port})) == "answered 404"
    assert "no answer" in health.web(Environment({"EVENHAND_PORT": port}))


def test_the_health_of_the_other_containers(silence, monkeypatch, capsys):
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.3)
    assert health.main(["relay"]) == 1
    assert "no sign of life" in capsys.readouterr().err
    heartbeat.beat("relay")
    assert health.main(["relay"]) == 0
    assert health.main(["worker"]) == 1
    assert "did not answer" in capsys.readouterr().err
    assert health.main(["nobody"]) == 2
    assert Path(django_settings.BASE_DIR).exists()

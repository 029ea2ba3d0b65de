"""Promises about the tree itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 420
MIGRATIONS = sorted(
    path
    for top in ("annotations", "llm_workers", "fairness", "platform")
    for path in (ROOT / top).glob("**/migrations/0*.py")
)
OURS = ("annotations", "llm_workers", "fairness", "evenhand", "accounts", "ledger")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_platform_is_a_source_root_that_shadows_nothing():
    assert not list((ROOT / "platform").glob("*.py"))
    command = "import platform; print(platform.__file__, platform.python_version())"
    found = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert str(ROOT / "platform") not in found.stdout


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}.{path.stem}")
def test_migrations_import_nothing_from_the_apps_and_have_readable_names(migration):
    for node in ast.walk(ast.parse(migration.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] in OURS]
    assert not re.search(r"_(initial|auto_)", migration.stem)


def test_files_stay_readable():
    sources = [path for path in tracked("*.py", "*.js", "*.css") if "migrations" not in path.parts]
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_nothing_claims_to_be_free_of_bias():
    claims = re.compile(r"\b(un|de-?)biased\b", re.IGNORECASE)
    allowed = {Path(__file__)}
    texts = [path for path in tracked("*.py", "*.html", "*.js", "*.md", "*.yml") if path not in allowed]
    assert [str(path.relative_to(ROOT)) for path in texts if claims.search(path.read_text())] == []


def test_the_environment_is_read_in_one_place():
    """Elsewhere programs at most name the settings module before Django starts."""
    reading = re.compile(r"os\.(environ(?!\.setdefault\(.DJANGO_)|getenv)")
    starters = {"platform/evenhand/env.py"}
    readers = {
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if path.relative_to(ROOT).parts[0] != "tests" and reading.search(path.read_text())
    }
    assert readers - starters == set()

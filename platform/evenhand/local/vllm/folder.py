"""Where vLLM lies, and which one it is. The folder is named by everything that decides what is in it, so another
version, another Python or another list of packages is another folder, and nothing is ever changed in place."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from evenhand.env import env
from evenhand.local.models import DEFAULT_MODEL

ROOT = Path(__file__).resolve().parents[4]
REQUIREMENTS = ROOT / "deploy" / "vllm"
FORMAT = "bfloat16"


@dataclass(frozen=True)
class Build:
    """One of the two builds of vLLM. ``requirements`` pins it; ``whole``: the file names every package of it."""

    name: str
    requirements: Path
    whole: bool
    bytes_needed: int


CPU = Build("cpu", REQUIREMENTS / "requirements-cpu.txt", whole=True, bytes_needed=10_000_000_000)
GPU = Build("gpu", REQUIREMENTS / "requirements-gpu.txt", whole=False, bytes_needed=25_000_000_000)


@dataclass(frozen=True)
class Place:
    """An environment with vLLM in it, or the place where one will be, below ``home``."""

    build: Build
    home: Path

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.build.requirements.read_bytes()).hexdigest()[:10]
        return f"{self.build.name}-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"

    @property
    def folder(self) -> Path:
        return self.home / self.key

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def mark(self) -> Path:
        """Written when everything is in and was tried."""
        return self.folder / ".installed"

    @property
    def failure(self) -> Path:
        """Why the last try to install ended, in a sentence; gone after one that succeeded."""
        return self.home / f"{self.key}.failed"

    @property
    def model(self) -> Path:
        """The local model in the form that vLLM reads."""
        return self.home / "models" / f"{DEFAULT_MODEL.name}-{DEFAULT_MODEL.sha256[:10]}-{FORMAT}"

    @property
    def ready(self) -> bool:
        return self.mark.exists() and self.model.exists()

    def why_not(self) -> str:
        """Why there is nothing to use here, and what to do."""
        try:
            reason = self.failure.read_text().strip()
        except OSError:
            reason = f"nothing was installed in {self.folder}"
        return f"vLLM is not installed: {reason} Install it with `make vllm`."


def place() -> Place:
    """The place of this machine's build, whether anything is there or not."""
    given = env.text("EVENHAND_VLLM_HOME")
    return Place(GPU if has_gpu() else CPU, Path(given).expanduser().resolve() if given else default_home())


def demanded() -> bool:
    """Whether tests that find none are to fail, instead of being skipped."""
    return env.flag("EVENHAND_VLLM_DEMANDED", False)


def default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_path("evenhand")) / "vllm"


def has_gpu() -> bool:
    """Whether NVIDIA's driver works here and finds a GPU."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        listed = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and "GPU" in listed.stdout

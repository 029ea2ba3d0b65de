"""Imported into the Celery workers of these tests, to give them their patience."""

from __future__ import annotations

from llm_workers import limits
from tests.vllm.patience import PATIENT

limits.PATIENCE = PATIENT

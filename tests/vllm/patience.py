"""On two cores that others use too an answer may take minutes, and what is given up and asked anew costs them more."""

from __future__ import annotations

from llm_workers.client import Patience

PATIENT = Patience(read=240.0, whole=300.0)

"""How long, how often, how many: the numbers that decide how a run behaves when things go well and when they do not."""

from __future__ import annotations

from datetime import timedelta

from llm_workers.client import Patience
from llm_workers.models import Dialect

PATIENCE = Patience()

# Requests at a time per lane. A llama.cpp server has few slots; vLLM batches whatever it gets.
CONCURRENCY = {Dialect.VLLM: 64, Dialect.LLAMACPP: 4, Dialect.OTHER: 8}
MAX_LANES = 4

# A task hands over after this long, so that a worker that is asked to stop is free soon.
TASK_SECONDS = 6.0
STORE_EVERY = 0.7  # seconds: answers become labels, and pages change, this often
TOUCH_EVERY = 5.0  # seconds

# A lane that nobody touched for this long has lost its task.
STALE = timedelta(seconds=30)

# An item whose task died this often is not tried again: it may be what kills it.
MAX_TAKEN = 5

# For how long a run bears that no server can be used, with pauses that double, before it pauses itself.
FAULTS_BORNE = timedelta(seconds=60)
FAULT_PAUSE = 4.0  # seconds
LONGEST_FAULT_PAUSE = 30.0  # seconds

# Items in a row without a usable answer before the run pauses: then it is not the items.
MAX_UNANSWERED_IN_ROW = 25

PROBE_EVERY = timedelta(seconds=55)

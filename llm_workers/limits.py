"""How long, how often, how many: the numbers that decide how a run behaves when things go well and when they do not."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from llm_workers.client import Patience
from llm_workers.models import Dialect

LONGEST_ANSWER = 3600  # seconds that an operator may let a server take for one answer


def patience(answer_seconds: float) -> Patience:
    """The patience with servers that may take so long for one answer: a slow one is no broken one."""
    return Patience(read=answer_seconds, whole=answer_seconds * 4 / 3)


PATIENCE = patience(settings.LLM_ANSWER_SECONDS)

# Requests at a time per lane: where a run begins, and the most. A llama.cpp server has few slots; vLLM batches whatever
# it gets. Between them the server's answers decide (llm_workers/pacing.py).
START = {Dialect.VLLM: 32, Dialect.LLAMACPP: 4, Dialect.OTHER: 8}
CONCURRENCY = {Dialect.VLLM: 256, Dialect.LLAMACPP: 8, Dialect.OTHER: 64}
MAX_LANES = 4  # that a run begins with, one for each server
MOST_LANES = 16  # that it may come to have: see llm_workers/services/lanes.py
LITTLE = 0.1  # of the requests that a server works on may wait inside it while it has room for more
EASY = 2.0  # times the quickest answer: a server whose answers take no longer has room for more

# A task hands over after this long, so that a worker that is asked to stop is free soon and runs take turns. Before it
# does, it waits for what is under way: with a slow model, tasks last so many answers' time instead, to lose little.
# While it has to wait for one that takes far longer than others, it goes on with these.
TASK_SECONDS = 6.0
TASK_ANSWERS = 40
LONGEST_TASK = 90.0
STORE_EVERY = 0.7  # seconds: answers become labels, and pages change, this often
TOUCH_EVERY = 5.0  # seconds

# Above what all tries of the slowest answer may take, which is twice as long as the answer. A worker that is gone is
# noticed by its lane, not by these.
LANE_LIMITS = {"soft_time_limit": 5 * LONGEST_ANSWER, "time_limit": 5 * LONGEST_ANSWER + 60}

# A lane that nobody touched for this long has lost its task.
STALE = timedelta(seconds=30)

# An item whose task died this often is not tried again: it may be what kills it.
MAX_TAKEN = 5

# For how long a run bears that no server can be used, with pauses that double, before it pauses itself.
FAULTS_BORNE = timedelta(seconds=60)
FAULT_PAUSE = 4.0  # seconds
LONGEST_FAULT_PAUSE = 30.0  # seconds

# Paused for that, it goes on by itself once the model is served again: a server that died is started anew and loads its
# model for minutes. The first pause lasts so long at least, each further one in a row twice as long, and so many are
# enough: then somebody must look.
FIRST_RESUME = timedelta(seconds=15)
LONGEST_RESUME = timedelta(minutes=15)
MOST_RESUMES = 12

# Items in a row without a usable answer before the run pauses: then it is not the items.
MAX_UNANSWERED_IN_ROW = 25

PROBE_EVERY = timedelta(seconds=55)

LOAD_EVERY = 2.0  # seconds: how often requests that wait inside the servers are heeded
NO_ROOM_PAUSE = 1.0  # seconds
PROBE_ITEMS = 20

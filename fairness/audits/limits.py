"""How many, how long: the numbers that bound an audit."""

from __future__ import annotations

from datetime import timedelta

MAX_PROBES = 6000  # in a set
MAX_CANDIDATES = 20  # in an audit
MAX_REQUESTS = 200_000  # of an audit: candidates × probes × orders
MAX_FILES = 20  # of templates, in a project
MAX_SETS = 200  # in a project
MAX_UPLOAD = 8 * 1024 * 1024  # bytes of a set

SITTINGS_KEPT = 500
# Above what all tries of the slowest answer may take: an operator may let a server take an hour for one.
ASK_LIMITS = {"soft_time_limit": 18_000, "time_limit": 18_060}
STALE = timedelta(seconds=40)  # an audit that nobody touched for this long has lost its task

# For how long a candidate's servers may fail before it is given up and the next one is asked.
FAULTS_BORNE = timedelta(seconds=60)
FAULT_PAUSE = 4.0  # seconds, doubled each time
LONGEST_FAULT_PAUSE = 30.0
MAX_UNANSWERED_IN_ROW = 25  # then it is not the probes

# A prompt that was edited this shortly ago is perhaps still being edited: it is not audited by itself yet.
QUIET = timedelta(minutes=10)

# A model is good enough to be proposed where its accuracy is this near to that of the most accurate one.
GOOD_ENOUGH = 0.05

"""A real vLLM for tests and benchmarks: an environment of its own in the user's cache folder, and its server.

vLLM pins what it depends on, so it never enters Evenhand's environment. ``python -m evenhand.local.vllm`` (``make
vllm``) builds it once: the CPU build, or the ordinary one where there is an NVIDIA GPU. For serving in earnest see
``docs/how-to/serve-vllm.md``: nothing of this is needed there.
"""

from __future__ import annotations

"""``python -m evenhand.local.vllm``: install vLLM and the model in its form, once; print where and how long it took."""

from __future__ import annotations

import sys

from evenhand.env import EnvError
from evenhand.local.errors import LocalError
from evenhand.local.vllm.folder import place
from evenhand.local.vllm.install import install


def main() -> int:
    try:
        where = place()
        if not where.ready:
            print(f"Installing vLLM ({where.build.name}) into {where.folder}", flush=True)
        seconds = install(where)
    except (LocalError, EnvError) as error:
        print(f"vLLM could not be installed. {error}", file=sys.stderr)
        return 1
    print(f"vLLM is in {where.folder}" + (f", installed in {seconds:.0f} seconds" if seconds else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())

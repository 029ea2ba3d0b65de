"""Runs all checks, from a variable that is wrong to a page that answers."""

from __future__ import annotations

from evenhand.doctor.report import Finding, perform
from evenhand.env import EnvError, env
from evenhand.local.programs import find_sources
from evenhand.local.state import is_running, read_state


def examine() -> list[Finding]:
    """Every finding, in the order in which things should be mended."""
    instance = _instance()
    try:
        find_sources()
        import django

        django.setup()
    except EnvError as error:
        return [
            instance,
            Finding("settings", "fail", str(error), "Correct the variable; docs/reference/environment.md"),
        ]
    from evenhand.doctor.checks import CHECKS

    return [instance, *(perform(check) for check in CHECKS)]


def _instance() -> Finding:
    home = env.home()
    state = read_state(home)
    if is_running(home) and state:
        found = f"running on {home}, {len(state.processes)} processes, {state.address or 'starting'}"
        return Finding("evenhand up", "ok", found)
    if all(env.text(name) for name in ("DATABASE_URL", "REDIS_URL")):
        return Finding("evenhand up", "ok", "not used: servers are given by the environment")
    advice = "Start it: evenhand up. If it runs on another folder, name that in EVENHAND_HOME."
    return Finding("evenhand up", "warn", f"not running on {home}", advice)

"""``manage.py simulate_crowd``: thirty programs label the sample project at people's pace, until stopped."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from evenhand.sample.pace import Simulation


class Command(BaseCommand):
    help = "Let the simulated crowd and expert of the sample project work at people's pace, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        simulation = Simulation()
        signal.signal(signal.SIGTERM, simulation.stop)
        signal.signal(signal.SIGINT, simulation.stop)
        simulation.run()

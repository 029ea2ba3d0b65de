"""Figures about people who label are made anew: the rules by which they were shown left some that could be told apart."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def forget(apps: Any, _editor: Any) -> None:
    apps.get_model("fairness", "RaterFigures").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("fairness", "0008_items_beyond_need")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]

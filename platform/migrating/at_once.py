"""Many operations of a migration for the rendering of one.

Django renders model classes anew after every operation: those that changed, and all that are related to them. In a
schema whose tables nearly all lead to one project that is most models every time, and the time of a first migration
goes up with the square of the tables. Squashed migrations create final tables, which need no states between them.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class AtOnce(Operation):
    """Operations of which none needs the state another leaves: new models, and fields, indexes, constraints of others.

    All see the state before the first as theirs before, and the state after the last as theirs after. So a table
    appears with all its columns in one CreateModel, foreign keys to tables that come later included: the schema
    editor writes those when it closes.
    """

    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # the rendered models: gone, no operation keeps them up to date
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

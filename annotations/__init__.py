"""Projects, label schemas, datasets, items, assignments, annotations, cases, consensus, agreement, export."""

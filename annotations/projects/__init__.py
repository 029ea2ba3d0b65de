"""Projects: settings, label schemas and their versions, protected attributes, who takes part."""

"""May a model stand in for people here? The alternative-annotator test, of every model and group of a project."""

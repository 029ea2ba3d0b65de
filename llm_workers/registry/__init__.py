"""Pages and REST of the registry: which servers there are, and what is known of the models that they serve."""

"""Showing people a model's label first, where an owner wants it, with a share of items without it to measure by."""

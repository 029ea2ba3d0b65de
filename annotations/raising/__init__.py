"""Collecting more labels of people for the items of one group."""

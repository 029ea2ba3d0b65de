"""Telling other systems what happens in a project."""

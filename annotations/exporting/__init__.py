"""Giving data out: four tables in three formats, streamed from one snapshot of the database."""

"""Metrics, live counters, the live page."""

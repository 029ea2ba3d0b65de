"""Audits before deployment: candidate models asked about a probe set, compared, chosen, published."""

"""Consensus by a fitted method, beside the people's majority: posteriors, skills, and the experts' queue by them."""

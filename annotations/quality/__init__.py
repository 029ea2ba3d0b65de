"""Checking people's work against known answers; pausing, reviewing, appealing; excluding labels."""

"""Taking files in: receive, map columns, read, report. ``loading`` does the work."""

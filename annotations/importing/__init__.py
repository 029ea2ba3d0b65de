"""Taking files in: receive, map columns, read, report. ``services`` writes, ``selectors`` read, ``loading`` does the work."""

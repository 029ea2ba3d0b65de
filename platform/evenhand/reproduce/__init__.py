"""Published values, computed anew: what ``evenhand reproduce`` runs. No database."""

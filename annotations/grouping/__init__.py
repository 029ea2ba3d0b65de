"""The groups that items have: what values there are, and bringing order into them."""

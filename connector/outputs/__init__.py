"""Where a payload goes."""

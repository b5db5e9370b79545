"""OAA payload → who can reach what, by OAA's rules. Knows no product and no network."""

"""What in an export somebody should look at, and what somebody has accepted."""

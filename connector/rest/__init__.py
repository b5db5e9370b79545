"""Asking any HTTP API politely: transport, retries, throttle, workers, journal. Knows no product."""

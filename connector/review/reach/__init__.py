"""Answers of `access`: who can reach what, and through which grants."""

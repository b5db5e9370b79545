"""Bitbucket Cloud → Snapshot. The only folder that knows its REST API and its JSON."""

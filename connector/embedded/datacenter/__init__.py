"""A small Bitbucket Data Center to try the connector on, and for its tests to talk to.

It knows Bitbucket and nothing of this connector: not its model, not its mapper.
"""

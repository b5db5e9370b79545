"""A small Bitbucket Cloud to try the connector on, and for its tests to talk to.

It knows Bitbucket Cloud and nothing of this connector: not its model, not its mapper.
"""

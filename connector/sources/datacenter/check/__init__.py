"""Can these credentials see everything that an export needs? Some dozens of requests, however large the server.

run        the steps in their order
contact    is it a Bitbucket, is it up, does the login work     contents   what does it show this account
asking     one question at a time                             counting   listings, looked at
cost       what an export will take                           included   what --include adds

A check never raises for what Bitbucket does: every failure is a step, explained by `diagnosis`.
"""

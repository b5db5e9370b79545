"""Can these credentials see everything that an export needs? Some dozens of requests, however large the server.

run        the steps in their order, and the cost of an export    asking     one question, and the size of a listing
contact    is it a Bitbucket, is it up, does the login work       contents   what does it show this account
included   what --include adds

A check never raises for what Bitbucket does: every failure is a step, explained by `diagnosis`.
"""

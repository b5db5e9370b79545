"""Can these credentials see everything that an export of a workspace needs? Some dozens of requests.

run        the steps in their order
contact    the address, the credentials, the workspace, the role and the scopes
contents   what of the workspace can be read, and what an export will cost
asking     one question at a time

A check never raises for what Bitbucket does: every failure is a step, explained by `diagnosis`.
"""

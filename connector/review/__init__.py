"""OAA payload → answers: who can reach what, and why, by OAA's rules.

Works on any saved OAA Custom Application payload, which `graph.payload.load` reads into an `Export`. Knows nothing of
HTTP, Bitbucket's REST API or oaaclient.
"""

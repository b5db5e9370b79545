"""OAA payload → answers: who can reach what, and why, by OAA's rules.

Works on any saved OAA Custom Application payload; knows nothing of HTTP, Bitbucket's REST API,
`collect`, `publish` or oaaclient. `payload.load` reads a file into an `Export`, `access.Access` answers.
"""

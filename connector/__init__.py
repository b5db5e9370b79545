"""Export who can reach what, and why, from a self-hosted Bitbucket to an OAA Custom Application.

The way through the house is one line: `config` reads what was asked for, `collect` reads Bitbucket
into a `model.Snapshot`, `publish` turns the snapshot into an OAA payload and saves or pushes it,
`review` answers questions from a payload, and `cli` joins them. `demo` is a small embedded Bitbucket
to try it on. An access graph with something missing looks exactly like one where access was
removed; so a snapshot is whole, or it says what is missing, and only then is anything published.
"""

__version__ = "0.1.0"

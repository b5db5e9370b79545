"""Export who can reach what, and why, from a self-hosted Bitbucket to an OAA Custom Application.

The way through the house is one line: a source reads Bitbucket into a `model.Snapshot`, `oaa` turns that
into an OAA payload, `outputs` push it, `review` answers questions from it, `commands` join them, and `cli`
says which command runs. `embedded` holds a small Bitbucket to try it on. An access graph with something
missing looks exactly like one where access was removed; so a snapshot is whole, or it says what is missing,
and only then is anything published.
"""

__version__ = "0.1.0"

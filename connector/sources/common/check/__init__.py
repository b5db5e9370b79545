"""What checks of any Bitbucket have in common: questions, steps, the report, and how a server is reached."""

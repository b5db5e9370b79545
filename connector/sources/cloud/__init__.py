"""Bitbucket Cloud → Snapshot. The only folder that knows its REST API and its JSON.

export       an export from the sign-in to the snapshot      source    what commands call
collector    what is read, and what it costs        snapshot_builder   what was found → Snapshot
fetch        one question, as values                listings           what a round of listings showed
endpoints    every address, its scopes and right    permissions        the words of the levels
bitbucket    one question, one JSON answer          connection         what a conversation takes, put together
diagnosis    what a failed answer means             problems           its words: meaning and advice
login        what the sign-in answers               credentials        what requests are signed by, and OAuth tokens
parse        JSON → values                          paging             the one paging loop
settings     of this source                         group_privileges   whether the shortcut of the API 1.0 is true
emails       whose an e-mail address is             verify             who can do what, according to Bitbucket
extras       what `--include` adds                  check              what these credentials can see
"""

"""Bitbucket Server / Data Center → Snapshot. The only folder that knows its REST API and its JSON.

export       an export from the sign-in to the snapshot      source    what commands call
collector    the flow: listings, what each thing has, the listings again
fetch        one question, as values                 snapshot_builder   what was found → Snapshot
endpoints    every address, and the right it needs   listings           what a round of listings showed
bitbucket    one question, one JSON object           connection         transport, workers, client and login
diagnosis    what a failed answer means              problems           its messages: meaning and advice
login        is every answer for our account?        paging             the one paging loop
parse        JSON → values                           settings           of this source
rate_limit, public_access    one question each       verify             who can do what, according to Bitbucket
extras       what `--include` adds                   check              what these credentials can see
"""

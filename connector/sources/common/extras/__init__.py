"""What sources share of `--include`: asking many scopes, putting together what was found, and leaving out secrets.

asking      many scopes, and what a product does not have     scopes      how projects and repositories are asked about
rounds      one collector for each kind, and its rounds         builder     what was found, put together
result      what comes of it, added to a snapshot             inclusions  a row for each word of --include
redact, ssh   what is secret ends there
"""

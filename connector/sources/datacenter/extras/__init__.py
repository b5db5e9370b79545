"""What opens repositories without being a person, and what protects branches: collected with `--include` only.

inclusions  a row for each word of --include        collector  the flow
endpoints   the addresses                           asking     which of them a server has
keys, tokens, webhooks, branch_restrictions         one kind each: its requests, and what becomes of the answers
scopes      how users are asked about               branches   what restrictions mean for a default branch
parse       JSON → values
"""

from connector.sources.datacenter.extras.collector import collect_extras, requests_for

__all__ = ["collect_extras", "requests_for"]

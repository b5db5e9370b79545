"""What opens repositories without being a person, and what protects branches: collected with `--include` only.

inclusions  a row for each word of --include        collector  the flow
endpoints   the addresses                           asking     many scopes, and what a server does not have
keys, tokens, webhooks, branch_restrictions         one kind each: its requests, and what becomes of the answers
scopes      how projects, repositories and users are asked about
builder     what was found, put together            branches   what restrictions mean for a default branch
purge       what is secret ends there               ssh        what a public key says about itself
parse       JSON → values
"""

from connector.sources.datacenter.extras.collector import Extras, collect_extras, requests_for

__all__ = ["Extras", "collect_extras", "requests_for"]

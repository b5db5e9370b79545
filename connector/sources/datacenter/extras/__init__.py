"""What opens repositories without being a person, and what protects branches: collected with `--include` only.

collector   the flow, and what it costs at most    endpoints   the addresses
errands     ask many scopes, note what a server does not have
scopes      how projects, repositories and users are asked about
keys, tokens, webhooks, branch_rules    one kind each: its questions, and what becomes of the answers
credentials keys and tokens put together           branches    what restrictions mean for a default branch
purge       what is secret ends there              ssh         what a public key says about itself
parse       JSON → values
"""

from connector.sources.datacenter.extras.collector import collect_machines

__all__ = ["collect_machines"]

"""What opens repositories without being a person, and what protects branches: collected with `--include` only.

collector   the flow, and what it costs             endpoints   the addresses
keys, webhooks, branch_restrictions                 one kind each: its requests, and what becomes of the answers
branches    what restrictions mean for a branch     parse       JSON → values
"""

from connector.sources.cloud.extras.collector import collect_extras, cost_of

__all__ = ["collect_extras", "cost_of"]

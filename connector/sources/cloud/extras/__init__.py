"""What opens repositories without being a person, and what protects branches: collected with `--include` only.

inclusions  a row for each word of --include        collector   the flow
endpoints   the addresses                           scopes      how repositories are asked about
keys, webhooks, branch_restrictions                 one kind each: its requests, and what becomes of the answers
branches    what restrictions mean for a branch     parse       JSON → values
"""

from connector.sources.cloud.extras.collector import collect_extras
from connector.sources.cloud.extras.inclusions import cost_of

__all__ = ["collect_extras", "cost_of"]

"""The addresses behind `--include`: keys, tokens, webhooks and branch restrictions. See `datacenter.endpoints`."""

from __future__ import annotations

from connector.sources.common.extras.redact import redacted
from connector.sources.datacenter.endpoints import Endpoint, Right

_TOKENS_SINCE = "about 7.18, with a Data Center licence"
_HOOKS_SINCE = "some version between 5.10 and 9.2"

SSH_SETTINGS = Endpoint("settings", Right.LICENSED, "nothing: access keys are asked for anyway", api="ssh")
PROJECT_KEYS = Endpoint(
    "projects/{}/ssh", Right.PROJECT_ADMIN, "SSH access keys of projects", api="keys", redact=redacted
)
REPOSITORY_KEYS = Endpoint(
    "projects/{}/repos/{}/ssh", Right.REPOSITORY_ADMIN, "SSH access keys of repositories", api="keys", redact=redacted
)
USER_KEYS = Endpoint("keys", Right.GLOBAL_ADMIN, "SSH keys of users", api="ssh", redact=redacted)
PROJECT_TOKENS = Endpoint(
    "projects/{}",
    Right.PROJECT_ADMIN,
    "HTTP access tokens of projects",
    api="access-tokens",
    since=_TOKENS_SINCE,
    redact=redacted,
)
REPOSITORY_TOKENS = Endpoint(
    "projects/{}/repos/{}",
    Right.REPOSITORY_ADMIN,
    "HTTP access tokens of repositories",
    api="access-tokens",
    since=_TOKENS_SINCE,
    redact=redacted,
)
USER_TOKENS = Endpoint(
    "users/{}", Right.GLOBAL_ADMIN, "HTTP access tokens of users", api="access-tokens", since="5.5", redact=redacted
)
PROJECT_WEBHOOKS = Endpoint(
    "projects/{}/webhooks", Right.PROJECT_ADMIN, "webhooks of projects", since=_HOOKS_SINCE, redact=redacted
)
REPOSITORY_WEBHOOKS = Endpoint(
    "projects/{}/repos/{}/webhooks",
    Right.REPOSITORY_ADMIN,
    "webhooks of repositories",
    since="about 5.4",
    redact=redacted,
)
PROJECT_RESTRICTIONS = Endpoint(
    "projects/{}/restrictions",
    Right.PROJECT_ADMIN,
    "branch restrictions of projects",
    api="branch-permissions",
    numbered="2.0",
    redact=redacted,
)
REPOSITORY_RESTRICTIONS = Endpoint(
    "projects/{}/repos/{}/restrictions",
    Right.REPOSITORY_ADMIN,
    "branch restrictions of repositories",
    api="branch-permissions",
    numbered="2.0",
    redact=redacted,
)
FORMER_DEFAULT_BRANCH = Endpoint(
    "projects/{}/repos/{}/branches/default",
    Right.REPOSITORY_ADMIN,
    "default branches of repositories",
    may_be_empty=True,
)
DEFAULT_BRANCH = Endpoint(
    "projects/{}/repos/{}/default-branch",
    Right.REPOSITORY_ADMIN,
    "default branches of repositories",
    may_be_empty=True,
    formerly=FORMER_DEFAULT_BRANCH,
)
BRANCH_MODEL = Endpoint(
    "projects/{}/repos/{}/branchmodel/configuration",
    Right.REPOSITORY_ADMIN,
    "whether rules of the branching model protect the default branch",
    api="branch-utils",
)

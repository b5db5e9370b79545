"""The addresses behind `--include`: deploy keys, webhooks and branch restrictions. See `cloud.endpoints`."""

from __future__ import annotations

from functools import partial

from connector.sources.cloud.endpoints import Endpoint, Right
from connector.sources.common.extras.redact import SECRET, redacted

_OF_REPOSITORY = "repository:admin", "admin:repository:bitbucket", Right.REPOSITORY_ADMIN
_WEBHOOKS = "webhook", "read:webhook:bitbucket"

_without_keys = partial(redacted, key_text="key", leave_out=SECRET | {"comment"})
"""Of a key stays what it says about itself; its comment often is somebody's address."""

PROJECT_KEYS = Endpoint(
    "workspaces/{}/projects/{}/deploy-keys",
    "project:admin",
    "admin:project:bitbucket",
    Right.PROJECT_ADMIN,
    "deploy keys of projects",
    redact=_without_keys,
)
REPOSITORY_KEYS = Endpoint(
    "repositories/{}/{}/deploy-keys", *_OF_REPOSITORY, "deploy keys of repositories", redact=_without_keys
)
WORKSPACE_WEBHOOKS = Endpoint(
    "workspaces/{}/hooks", *_WEBHOOKS, Right.WORKSPACE_ADMIN, "webhooks of the workspace", redact=redacted
)
REPOSITORY_WEBHOOKS = Endpoint(
    "repositories/{}/{}/hooks", *_WEBHOOKS, Right.REPOSITORY_ADMIN, "webhooks of repositories", redact=redacted
)
RESTRICTIONS = Endpoint(
    "repositories/{}/{}/branch-restrictions", *_OF_REPOSITORY, "branch restrictions of repositories"
)
BRANCHING_MODEL = Endpoint(
    "repositories/{}/{}/effective-branching-model",
    "repository",
    "read:repository:bitbucket",
    Right.MEMBER,
    "whether restrictions of the branching model are about the default branch",
)

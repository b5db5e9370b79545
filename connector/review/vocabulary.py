"""The ids and words in this connector's own payloads that a review knows; another application's payload has none."""

from __future__ import annotations

from connector.model import ANONYMOUS, EVERYONE, LICENSED_USERS

__all__ = ["ANONYMOUS", "EVERYONE", "LICENSED_USERS"]

GLOBAL_PERMISSIONS = ("LICENSED_USER", "member", "PROJECT_CREATE", "create-project", "ADMIN", "owner", "SYS_ADMIN")
"""Permissions on a whole server or workspace, from the lowest to the highest; a higher one implies the lower ones."""

BITBUCKET, CLOUD = "BitbucketServer", "BitbucketCloud"
"""The application types of a self-hosted Bitbucket, and of a workspace of Bitbucket Cloud."""

EVERYBODY = frozenset({EVERYONE, LICENSED_USERS})
SYNTHETIC = EVERYBODY | {ANONYMOUS}
"""Identities that stand for many people, and are none themselves."""

CREDENTIALS = {
    "ssh-access-key": ("SSH access key", "fingerprint"),
    "ssh-user-key": ("SSH key", "fingerprint"),
    "deploy-key": ("deploy key", "fingerprint"),
    "http-token": ("HTTP access token", "permissions"),
}
"""By the beginning of a credential's id: what it is, and a property that is defined where it was asked for."""

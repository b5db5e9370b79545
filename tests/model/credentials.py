"""What keys and tokens can do, by Bitbucket's rules, and what an export says that they can.

Written from Atlassian's pages alone and sharing no code with the connector, like `rules`:

- https://confluence.atlassian.com/bitbucketserver091/ssh-access-keys-for-system-use-1443038363.html
- https://confluence.atlassian.com/bitbucketserver091/http-access-tokens-1443038354.html
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.embedded.datacenter.machines import HttpToken, SshKey
from connector.embedded.datacenter.organisation import Account, Organisation, Repository
from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Category, Credential
from tests.model import rules


def expected_ids(organisation: Organisation) -> set[str]:
    """Give the ids of all credentials that an administrator with a password can see."""
    keys = {
        f"{'ssh-access-key' if key.owner_id is None else 'ssh-user-key'}:{key.id}"
        for key in organisation.keys
        if key.owner_id is not None or key.projects or key.repositories
    }
    return keys | {f"http-token:{token.id}" for token in organisation.http_tokens}


def key_level(key: SshKey, repository: Repository) -> str:
    """Give what an access key can do: what it has on the repository or on its project."""
    held = {
        rules.LEVEL_FROM_PROJECT.get(key.projects.get(repository.project_id, ""), "none"),
        rules.LEVEL_FROM_REPOSITORY.get(key.repositories.get(repository.id, ""), "none"),
    }
    return max(held, key=rules.LEVELS.index)


def token_level(token: HttpToken, repository: Repository) -> str:
    """Give what a token of a project or repository can do; elsewhere it has no access."""
    if token.repository_id not in {None, repository.id} or token.project_id not in {None, repository.project_id}:
        return "none"
    held = [rules.LEVEL_FROM_REPOSITORY[name] for name in token.permissions if name.startswith("REPO_")]
    if token.project_id is not None or not held:
        held += [rules.LEVEL_FROM_PROJECT[name] for name in token.permissions if name.startswith("PROJECT_")]
    return max(held, key=rules.LEVELS.index)


def disagreements(organisation: Organisation, export: Export) -> list[str]:
    """Give every difference about credentials between an organisation and its export, one line each."""
    exported = {credential.id: credential for credential in export.credentials}
    expected = expected_ids(organisation)
    found = [f"{name}: not exported" for name in sorted(expected - exported.keys())]
    found += [f"{name}: exported, but does not exist" for name in sorted(exported.keys() - expected)]
    if found:
        return found
    access = Access(export)
    for key in organisation.keys:
        if key.owner_id is None and (key.projects or key.repositories):
            credential = exported[f"ssh-access-key:{key.id}"]
            for repository in organisation.repositories.values():
                level = key_level(key, repository)
                found += _on_repository(access, credential, repository, level)
        elif key.owner_id is not None:
            credential = exported[f"ssh-user-key:{key.id}"]
            found += _of_owner(organisation, access, credential, organisation.accounts[key.owner_id])
    for token in organisation.http_tokens:
        credential = exported[f"http-token:{token.id}"]
        if token.owner_id is not None:
            found += _of_owner(organisation, access, credential, organisation.accounts[token.owner_id])
            continue
        for repository in organisation.repositories.values():
            level = token_level(token, repository)
            found += _on_repository(access, credential, repository, level)
    return found


def _of_owner(organisation: Organisation, access: Access, credential: Credential, owner: Account) -> Iterator[str]:
    owners = [user.id for user in access.export.owners_of(credential)]
    if owners != [str(owner.id)]:
        yield f"{credential.id}: of user {owner.id}, exported as of {owners}"
    elif rules.can_log_in(organisation, owner):
        for repository in organisation.repositories.values():
            level = rules.repository_level(organisation, owner, repository)
            yield from _on_repository(access, credential, repository, level)


def _on_repository(access: Access, credential: Credential, repository: Repository, level: str) -> Iterator[str]:
    resource = next(item for item in access.export.resources if item.key == f"{repository.project_id}.{repository.id}")
    effective = access.effective(credential, resource)
    levels = {Category.METADATA_WRITE: "admin", Category.DATA_WRITE: "write", Category.DATA_READ: "read"}
    exported = next((name for category, name in levels.items() if category in effective), "none")
    if exported != level:
        yield f"{credential.id} on repository {repository.id}: {level}, exported as {exported}"

"""The checks, and the findings of an export. Needs no network.

The checks are about Bitbucket's own properties, as `oaa.vocabulary` defines them: they find little in another
application's payload. What an export does not say is not found, never guessed.
"""

from __future__ import annotations

from connector.graph.access import Access
from connector.graph.export import Export
from connector.review.findings import machine_identities, openness, people
from connector.review.findings.finding import Check, Finding, Urgency

CHECKS = (
    Check(
        "public",
        "Readable without signing in",
        "Anybody who reaches Bitbucket can read and clone these, without an account.",
        "Keep only those public that are meant for everybody.",
        Urgency.FIRST,
        openness.public,
        openness.public_note,
    ),
    Check(
        "default-write",
        "Every licensed user can write",
        "The default permission of these projects lets every licensed user push, including contractors and programs.",
        "Lower the default permission, and grant write to the teams that need it.",
        Urgency.FIRST,
        openness.default_write,
    ),
    Check(
        "keys-of-leavers",
        "Keys and tokens of people who left",
        "The account is inactive or in no directory, and its keys and tokens are still registered.",
        "Revoke them.",
        Urgency.FIRST,
        machine_identities.owners_left,
        flags_grants=True,
    ),
    Check(
        "inactive-access",
        "Inactive accounts with access",
        "Deactivating these accounts removed none of their access. An account that is activated again has all of it.",
        "Remove their grants and group memberships. Check what they own, and keys that work without them.",
        Urgency.SOON,
        people.inactive,
        people.inactive_note,
        flags_grants=True,
    ),
    Check(
        "not-in-directory",
        "In no directory, but with access",
        "If somebody creates a user or group of this name, it has this access at once.",
        "Remove the grants.",
        Urgency.SOON,
        people.not_in_directory,
        flags_grants=True,
    ),
    Check(
        "not-a-member",
        "No members of the workspace, but with access",
        "They hold access by their own grants alone, and stand in no list of members, so nobody sees them there.",
        "Remove the grants of those who need none, and make the others members of a group.",
        Urgency.SOON,
        people.not_members,
    ),
    Check(
        "administrators",
        "Administrators of everything",
        "They can read, change and delete everything, and give access to others.",
        "Keep them few, known by name, and in one group. Check how each of them became an administrator.",
        Urgency.SOON,
        people.administrators,
    ),
    Check(
        "never-expires",
        "Keys and tokens that can write and never expire",
        "Somebody who copies one of these can push until it is noticed.",
        "Give them an end date, make those read-only that need no more, and renew the rest.",
        Urgency.SOON,
        machine_identities.never_expires,
        flags_grants=True,
    ),
    Check(
        "rewritable-branches",
        "Default branches that anybody with write access can rewrite",
        "No rule stops a person or a key with write access from replacing the history.",
        "Add a branch restriction, best to the whole project: no rewriting of history, changes by pull request only.",
        Urgency.SOON,
        machine_identities.rewritable_branches,
    ),
    Check(
        "outside-webhooks",
        "Webhooks to outside hosts",
        "At every push, these hosts get the names of people, branches and commits.",
        "Check that each of them belongs to you or to a supplier.",
        Urgency.SOON,
        machine_identities.outside_hosts,
        machine_identities.outside_hosts_note,
    ),
    Check(
        "unlicensed-access",
        "Access without a licence",
        "These users cannot sign in. As soon as somebody gives them a licence, they have this access.",
        "Remove the grants, or give the licence that was intended.",
        Urgency.SOON,
        people.unlicensed,
        flags_grants=True,
    ),
    Check(
        "away-for-a-year",
        "Not signed in for more than a year",
        "Nobody uses this access, but somebody who takes over the account could.",
        "Deactivate these accounts, or ask why they are needed.",
        Urgency.SOON,
        people.long_away,
        flags_grants=True,
    ),
    Check(
        "unused-keys",
        "Keys and tokens not used for half a year",
        "Nobody needs them, but somebody who copied one could use it.",
        "Revoke them.",
        Urgency.SOON,
        machine_identities.long_unused,
        flags_grants=True,
    ),
    Check(
        "weak-keys",
        "Weak keys",
        "DSA keys, and RSA keys below 2,048 bits, are no longer considered secure.",
        "Replace them, for example by Ed25519 keys.",
        Urgency.SOON,
        machine_identities.weak_keys,
        flags_grants=True,
    ),
    Check(
        "never-signed-in",
        "Never signed in",
        "Nobody has used these accounts yet, or only a program uses them.",
        "Ask for whom they were created, and deactivate those that nobody needs.",
        Urgency.KNOW,
        people.never_signed_in,
        flags_grants=True,
    ),
    Check(
        "never-used-keys",
        "Keys and tokens that were never used",
        "They were created for something that did not happen, or are kept for later.",
        "Revoke those that nobody claims.",
        Urgency.KNOW,
        machine_identities.never_used,
        flags_grants=True,
    ),
    Check(
        "default-read",
        "Every licensed user can read",
        "The default permission of these projects lets every licensed user read them.",
        "This is fine for what the whole company shares. Check that nothing confidential is among it.",
        Urgency.KNOW,
        openness.default_read,
    ),
    Check(
        "granted-one-by-one",
        "Several people granted access one by one",
        "Grants to single people are forgotten when they change teams. Memberships of groups are looked after.",
        "Create a group for them, or put them into the right group.",
        Urgency.KNOW,
        people.one_by_one,
    ),
    Check(
        "granted-twice",
        "Granted by name, although a group gives the same",
        "These grants change nothing today, but they stay when the person leaves the group.",
        "Remove them.",
        Urgency.KNOW,
        people.granted_twice,
        flags_grants=True,
    ),
    Check(
        "empty-groups",
        "Groups with grants, but without members",
        "Anybody who is put into such a group has its access, and nobody may remember what that is.",
        "Remove the grants, or the groups.",
        Urgency.KNOW,
        people.empty_groups,
        flags_grants=True,
    ),
)
"""In the order in which findings of the same urgency are shown."""


def findings_of(export: Export) -> list[Finding]:
    """Give the findings of an export, the most urgent first."""
    access = Access(export)
    findings = (check.run(access) for check in CHECKS)
    return sorted((finding for finding in findings if finding.places), key=lambda finding: finding.urgency)

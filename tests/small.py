"""A part of the demo's organisation, for tests that need an export but not its size: a third of the requests."""

from __future__ import annotations

from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import sample_organisation

_PROJECTS = {"PAY", "OSS", "~AMARA.OKAFOR"}
_OF_PAY = {"ledger", "invoicing", "api"}
_GROUPS_LEFT_OUT = {"mobile-team", "data-science", "contractors", "quality", "build-accounts", "legacy-operations"}


def small_organisation() -> Organisation:
    """Give a project, a public one and a personal one, with nine repositories, and all people."""
    organisation = sample_organisation()
    projects = {number: project for number, project in organisation.projects.items() if project.key in _PROJECTS}
    organisation.projects = projects
    organisation.repositories = {
        number: repository
        for number, repository in organisation.repositories.items()
        if repository.project_id in projects
        and (projects[repository.project_id].key != "PAY" or repository.slug in _OF_PAY)
    }
    for name in _GROUPS_LEFT_OUT:
        del organisation.groups[name]
        organisation.global_groups.pop(name, None)
    return organisation

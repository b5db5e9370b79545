"""Independent judges of the connector: Bitbucket's own rules, organisations to try them on, a comparison."""

from tests.model.comparison import disagreements
from tests.model.organisations import ADMIN_NAME, ADMIN_PASSWORD, organisations
from tests.model.rules import anonymous_level, can_log_in, creates_repositories, global_permission, repository_level

__all__ = [
    "ADMIN_NAME",
    "ADMIN_PASSWORD",
    "anonymous_level",
    "can_log_in",
    "creates_repositories",
    "disagreements",
    "global_permission",
    "organisations",
    "repository_level",
]

"""Independent judges of the Cloud source: Cloud's own rules, workspaces to try them on, a comparison."""

from tests.model.cloud.comparison import disagreements
from tests.model.cloud.payload import Payload
from tests.model.cloud.rules import anonymous_level, granted_level, is_owner
from tests.model.cloud.workspaces import ADMIN_EMAIL, ADMIN_TOKEN, CONSUMER, crowd, workspaces

__all__ = [
    "ADMIN_EMAIL",
    "ADMIN_TOKEN",
    "CONSUMER",
    "Payload",
    "anonymous_level",
    "crowd",
    "disagreements",
    "granted_level",
    "is_owner",
    "workspaces",
]

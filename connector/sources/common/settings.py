"""How any Bitbucket is asked unless somebody says otherwise: times in seconds, ages of journals in hours."""

from __future__ import annotations

DEFAULT_CONCURRENCY = 8
DEFAULT_PATIENCE = 300.0
DEFAULT_RESUME_MAX_AGE = 24.0

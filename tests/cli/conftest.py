"""The small Bitbucket of the tests of commands."""

from tests.commands.conftest import bitbucket

__all__ = ["bitbucket"]

"""What an export says about repositories, compared with what their server says itself, user by user.

Knows OAA's rules through `Access`, and nothing of how the server was asked. Servers differ in whom they count,
so for each user the export gives a range, from the level that the server must state to the level that it may:

- Inactive users, and those without a licence or a directory, cannot use their access. Some servers list them,
  others do not. The same holds for users of whom the export does not know whether they have a licence.
- Bitbucket Cloud has no licences. Whether it lists administrators of the workspace, and people who are no members of
  it, is not known.
- Users who can read a repository only because it is public are listed by some servers, and not by others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Level, Resource, User
from connector.review.text.names import counted, is_of_cloud, person, username, where
from connector.review.text.reasons import reason
from connector.review.vocabulary import EVERYONE, SYNTHETIC
from connector.text import clean

_MOST_REASONS = 5
_MOST_DIFFERENCES = 100


@dataclass(frozen=True, slots=True)
class Stated:
    """What the server says about one repository: name and highest level of everybody with access, by id.

    `people` is None if the repository no longer exists.
    """

    repository: str
    people: Mapping[str, tuple[str, Level]] | None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One user about whom export and server disagree, and the reasons that the export knows for their access."""

    user: str
    server: Level
    export: Level
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Everything, on one line."""
        why = "; ".join(self.reasons) or "no grant that leads there"
        return f"{self.user}: Bitbucket says {self.server}, the export says {self.export} (it knows: {why})"


@dataclass(frozen=True, slots=True)
class RepositoryVerification:
    """The result for one repository. `readers` is the number of people with access in the export; None if it is gone.

    `differences` holds the first hundred of them, `more` counts the rest.
    """

    repository: str
    readers: int | None
    differences: tuple[Disagreement, ...]
    more: int = 0

    @property
    def lines(self) -> list[str]:
        """The result, user by user."""
        rest = [f"and {counted(self.more, 'more person', 'more people')}"] if self.more else []
        return [
            self.text,
            *(f"  {difference.text}" for difference in self.differences),
            *(f"  {line}" for line in rest),
        ]

    @property
    def text(self) -> str:
        """The result on one line, without the differences themselves."""
        if self.readers is None:
            return f"{self.repository}: was deleted or moved during the run"
        if self.differences:
            have = f"{counted(len(self.differences) + self.more, 'person has', 'people have')}"
            return f"{self.repository}: {have} other access than the export says"
        return f"{self.repository}: equal ({counted(self.readers, 'person', 'people')})"


_Row = tuple[User | None, str, Level, Level]
"""A user if the export has them, their name on the server, and their level on the server and in the export."""

_Said = Mapping[str, tuple[str, Level]]


class Verification:
    """Compares one export with what its server says, repository by repository."""

    def __init__(self, export: Export) -> None:
        self._everything = Access(export)
        self._granted = Access(export, without=[group for group in export.groups if group.id == EVERYONE])
        self._users = {user.id: user for user in export.users if user.id not in SYNTHETIC}
        named = ((user.properties.get("username"), user) for user in self._users.values())
        self._by_name = {name.lower(): user for name, user in named if isinstance(name, str)}
        everywhere = [self._everything.who_can(application) for application in export.applications]
        self._owners = {user for held in everywhere for user, level in held.items() if level is Level.ADMIN}
        """Bitbucket Cloud may leave out who administers the whole workspace."""
        self._repositories = {
            where(resource).lower(): resource for resource in export.resources if "slug" in resource.properties
        }

    def knows(self, user_id: str) -> bool:
        """Whether the export has a user of this id."""
        return user_id in self._users

    def compare(self, stated: Stated) -> RepositoryVerification:
        """Compare what the server says about one repository."""
        repository = self._repositories.get(stated.repository.lower())
        if stated.people is None:
            return RepositoryVerification(stated.repository, None, ())
        exported = self._granted.who_can(repository) if repository else {}
        said = {self._known(user_id, name): (name, level) for user_id, (name, level) in stated.people.items()}
        anybody_reads = repository is not None and self._counts_public(repository, exported, said)
        wrong = list(self._disagreements(exported, said, least_of_all=Level.READ if anybody_reads else Level.NONE))
        shown = tuple(self._difference(repository, *each) for each in wrong[:_MOST_DIFFERENCES])
        people = sum(1 for user in exported if user.id in self._users and _is_effective(user))
        return RepositoryVerification(stated.repository, people, shown, len(wrong) - len(shown))

    def _disagreements(self, exported: Mapping[User, Level], said: _Said, *, least_of_all: Level) -> Iterator[_Row]:
        """Give the users whom the server puts outside the export's range, which always holds `least_of_all`."""
        for user_id in sorted({*said, *(user.id for user in exported)}, key=self._order):
            user = self._users.get(user_id)
            least, most = self._range(user, exported)
            most = max(most, least_of_all)
            name, level = said.get(user_id, ("", Level.NONE))
            if not least <= level <= most:
                yield user, name, level, most

    def _range(self, user: User | None, exported: Mapping[User, Level]) -> tuple[Level, Level]:
        if user is None:
            return Level.NONE, Level.NONE
        most = exported.get(user, Level.NONE)
        may_be_left_out = user in self._owners if is_of_cloud(user) else not _is_licensed(user)
        return (Level.NONE if may_be_left_out or not _is_effective(user) else most), most

    def _known(self, user_id: str, name: str) -> str:
        """Give the id of a user in the export: an account that was created again has another id."""
        if user_id in self._users:
            return user_id
        user = self._by_name.get(name.lower())
        return user.id if user else user_id

    def _order(self, user_id: str) -> tuple[str, str]:
        user = self._users.get(user_id)
        return (username(user).lower() if user else "", user_id)

    def _counts_public(self, repository: Resource, exported: Mapping[User, Level], said: _Said) -> bool:
        """Whether this server lists all users who can read only because the repository is public."""
        parents = (repository, repository.parent)
        if not any(node.properties.get("is_public") is True for node in parents):
            return False
        others = [user for user in self._users.values() if _is_effective(user) and user not in exported]
        return all(user.id in said for user in others if _is_licensed(user))

    def _difference(
        self, repository: Resource | None, user: User | None, name: str, server: Level, exported: Level
    ) -> Disagreement:
        if user is None or repository is None:
            return Disagreement(clean(f"{name} (not in the export)"), server, Level.NONE, ())
        paths = self._everything.paths(user, repository, limit=_MOST_REASONS)
        called = person(user) if is_of_cloud(user) else username(user)
        return Disagreement(clean(called), server, exported, tuple(clean(reason(path)) for path in paths))


def _is_effective(user: User) -> bool:
    """Whether a user can use their access, as far as the export knows."""
    properties = user.properties
    known = (properties.get("is_licensed"), properties.get("in_directory"), properties.get("is_member"))
    return user.is_active is not False and False not in known


def _is_licensed(user: User) -> bool:
    """Whether the export knows that a user has a licence: a server may leave out users without one."""
    return user.properties.get("is_licensed") is True

"""What tests of lies share: an organisation, a way to export it through a proxy, and what counts as right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.graph.payload import load
from tests.conftest import Ended, Run, saved
from tests.model.comparison import disagreements
from tests.sources.datacenter.lying_bitbucket import Heard, Lie, LyingBitbucket, Said

ADMIN = {"BITBUCKET_USER": "admin", "BITBUCKET_TOKEN": "root"}
NO_REPOSITORY = "com.atlassian.bitbucket.repository.NoSuchRepositoryException"
NO_PROJECT = "com.atlassian.bitbucket.project.NoSuchProjectException"
NO_GROUP = "com.atlassian.bitbucket.user.NoSuchGroupException"
KONG = '{"message":"The requested route does not exist"}'
NGINX = "<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>"

RIGHT, REFUSED = 0, (3, 4)


def organisation() -> Organisation:
    """Two projects with six repositories, groups with members, defaults, and a personal project that is shared."""
    builder = Builder(version="9.4.2")
    admin = builder.account("admin", "Ada Min", password="root")
    people = [builder.account(f"dev{number}", f"Dev {number}") for number in range(8)]
    left = builder.account("left", "Left Long Ago", active=False)
    builder.group("devs", people[:4])
    builder.group("ops", [*people[4:6], left])
    whole = builder.organisation
    whole.global_users = {admin.id: "SYS_ADMIN"}
    whole.global_groups = {"devs": "LICENSED_USER", "ops": "LICENSED_USER"}
    pay = builder.project("PAY", "Payments", groups={"devs": "PROJECT_WRITE"}, users={people[6].id: "PROJECT_READ"})
    ops = builder.project("OPS", "Operations", groups={"ops": "PROJECT_ADMIN"})
    ops.defaults = {"REPO_CREATE"}
    for number in (0, 3, 4, 5):
        builder.repository(pay, f"pay{number}").users = {people[number].id: "REPO_ADMIN"}
    for number in (0, 5):
        builder.repository(ops, f"ops{number}").groups = {"devs": "REPO_READ"}
    home = builder.personal_project(people[0])
    home.users = {people[1].id: "PROJECT_READ"}
    builder.repository(home, "dotfiles").users = {people[2].id: "REPO_WRITE"}
    whole.tokens = [Token("admins-token", admin.id), Token("devs-token", people[4].id)]
    return whole


def export(run: Run, url: str, *options: str, **environment: str) -> Ended:
    command = ("--bitbucket-url", url, "--save-json", "export.json", "--patience", "2")
    return run(*command, *options, **(environment or ADMIN))


def through(run: Run, server: LyingBitbucket, lie: Lie, *options: str, **environment: str) -> Ended:
    """Export while a lie is told."""
    server.tell(lie)
    return export(run, server.base_url, *options, **environment)


def assert_right(server: LyingBitbucket, ended: Ended) -> None:
    assert ended.code == RIGHT, ended.err
    assert disagreements(server.organisation, load(saved())) == []
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is True


def assert_refused(ended: Ended) -> None:
    assert ended.code in REFUSED, ended.err
    assert "Traceback" not in ended.err
    assert not Path("export.json").exists()


def once(change: Callable[[Organisation], None], server: LyingBitbucket, path: str) -> Lie:
    """Change the organisation just before the first question for a path is passed on."""
    done = threading.Event()

    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith(path) and not done.is_set():
            done.set()
            with server.change() as whole:
                change(whole)
        return None

    return lie


# ---- what is renamed, moved or deleted meanwhile


def rename_project(whole: Organisation) -> None:
    whole.projects[1].key = "PAYMENTS"


def rename_repository(whole: Organisation) -> None:
    next(each for each in whole.repositories.values() if each.slug == "pay3").slug = "renamed"


def move_repository(whole: Organisation) -> None:
    next(each for each in whole.repositories.values() if each.slug == "pay3").project_id = 2


def swap_repositories(whole: Organisation) -> None:
    """One repository takes the name of another: both answer, and neither with what it was asked for."""
    one, other = (each for each in whole.repositories.values() if each.slug in {"pay3", "pay4"})
    one.slug, other.slug = other.slug, one.slug


def delete_repository(whole: Organisation) -> None:
    del whole.repositories[next(i for i, each in whole.repositories.items() if each.slug == "pay3")]


def delete_group(whole: Organisation) -> None:
    del whole.groups["ops"], whole.global_groups["ops"], whole.projects[2].groups["ops"]


def add_repository(whole: Organisation) -> None:
    template = next(iter(whole.repositories.values()))
    whole.repositories[999] = replace(template, id=999, slug="born-meanwhile", users={3: "REPO_WRITE"})

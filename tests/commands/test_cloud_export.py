"""A workspace of Bitbucket Cloud by the command line: guards, Veza, the offline commands, and the demo."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.embedded.cloud.sample import DEMO_CONSUMER, DEMO_EMAIL, DEMO_SECRET, DEMO_TOKEN, sample_workspace
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.common.faults import Fault, Status
from tests.conftest import Ended, Run, files, saved, summary
from tests.outputs.veza.fake import FakeVeza
from tests.outputs.veza.fake.server import API_KEY

EXPIRED = Status(401, message="Token is invalid, expired, or not supported for this endpoint.")
CREDENTIALS = {"BITBUCKET_EMAIL": DEMO_EMAIL, "BITBUCKET_TOKEN": DEMO_TOKEN}


@pytest.fixture
def cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(sample_workspace()) as server:
        yield server


@pytest.fixture
def export(run: Run, cloud: EmbeddedCloud) -> Run:
    usual = {"BITBUCKET_URL": cloud.base_url, "BITBUCKET_WORKSPACE": "harbour-payments", **CREDENTIALS}

    def call(*options: str, **environment: str) -> Ended:
        return run("--save-json", "export.json", *options, **{**usual, **environment})

    return call


# ---- names


def test_the_payload_is_of_the_workspace(export: Run) -> None:
    ended = export()
    assert ended.code == 0, ended.err
    (application,) = saved()["applications"]
    assert (application["name"], application["application_type"]) == (
        "Bitbucket Cloud - harbour-payments",
        "BitbucketCloud",
    )
    assert application["custom_properties"]["collected_by"] == "Bitbucket Administrator"


def test_it_is_pushed_under_its_own_names(export: Run) -> None:
    with FakeVeza() as veza:
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended = export(**settings)
        assert ended.code == 0, ended.err
        assert veza.providers() == ["Bitbucket Cloud"]
        assert veza.data_sources() == ["Bitbucket Cloud - harbour-payments"]
        assert veza.pushes == [saved()]
        assert export("--data-source-name", "code", "--provider-name", "Ours", **settings).code == 0
        assert (veza.providers()[1], veza.data_sources()[1]) == ("Ours", "code")


# ---- guards


def test_what_would_disappear_is_guarded(export: Run, cloud: EmbeddedCloud) -> None:
    assert export().code == 0
    before = Path("export.json").read_bytes()
    with cloud.change() as workspace:
        for project in workspace.projects.values():
            project.users.clear()
            project.groups.clear()
    ended = export("--baseline", "export.json")
    assert ended.code == 4, ended.err
    assert "grants" in ended.err
    assert Path("export.json").read_bytes() == before


def test_a_repository_that_cannot_be_read_is_a_gap(export: Run, cloud: EmbeddedCloud) -> None:
    cloud.faults.add(Fault(Status(403, message="Forbidden"), path="/ledger/permissions-config/users"))
    ended = export("--summary", "summary.json")
    assert ended.code == 4
    assert "repository PAY/ledger: permissions" in ended.err
    assert files() == {"summary.json"}
    assert [gap["scope"] for gap in summary()["gaps"]] == ["repository PAY/ledger"]
    assert export("--allow-incomplete").code == 0
    properties = saved()["applications"][0]["custom_properties"]
    assert (properties["is_complete"], properties["not_collected"]) == (False, ["repository PAY/ledger: permissions"])


def test_an_export_goes_on_from_a_run_that_died(export: Run, cloud: EmbeddedCloud) -> None:
    cloud.faults.add(Fault(EXPIRED, after=60))
    assert export("--resume", "journal").code == 3
    assert files() == {"journal"}
    first = len(cloud.requests)
    cloud.faults.clear()
    ended = export("--resume", "journal")
    assert ended.code == 0, ended.err
    assert "resuming from journal" in ended.err
    assert len(cloud.requests) - first < first
    assert files() == {"export.json"}


def test_a_journal_of_other_credentials_is_not_gone_on_from(export: Run, cloud: EmbeddedCloud) -> None:
    cloud.faults.add(Fault(EXPIRED, after=60))
    assert export("--resume", "journal").code == 3
    cloud.faults.clear()
    consumer = {"BITBUCKET_CLIENT_ID": DEMO_CONSUMER, "BITBUCKET_CLIENT_SECRET": DEMO_SECRET}
    ended = export("--resume", "journal", BITBUCKET_EMAIL="", BITBUCKET_TOKEN="", **consumer)
    assert ended.code == 2, ended.err
    assert "journal" in ended.err


# ---- the offline commands, in Cloud's own words


NOT_OF_CLOUD = ("Bitbucket Server", "Data Center", "global ", "PROJECT_", "REPO_", "licen", "whole server")


@pytest.fixture
def exported(export: Run) -> Run:
    assert export().code == 0
    return export


@pytest.mark.usefixtures("exported")
def test_answers_speak_of_cloud(run: Run) -> None:
    for command in (
        ("access", "export.json", "--csv"),
        ("access", "export.json", "--repo", "PAY/ledger"),
        ("access", "export.json", "--user", "Mona Jensen"),
        ("access", "export.json", "--group", "platform-engineers"),
        ("access", "export.json", "--project", "PAY", "--json"),
        ("diff", "export.json", "export.json"),
    ):
        ended = run(*command)
        assert ended.code == 0, ended.err
        assert not [word for word in NOT_OF_CLOUD if word in ended.out]
        assert "--repo" not in command or "owner of the workspace via" in ended.out


@pytest.mark.usefixtures("exported")
def test_the_report_speaks_of_cloud(run: Run) -> None:
    ended = run("report", "export.json", "-o", "page.html")
    assert ended.code == 0, ended.err
    packed = re.search(r'<script[^>]* id="data">([^<]*)</script>', Path("page.html").read_text(encoding="utf-8"))
    assert packed is not None
    data = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    told = json.dumps(data, ensure_ascii=False)
    assert data["isWorkspace"] is True
    assert "Bitbucket Cloud - harbour-payments" in told
    assert ["workspace", "https://bitbucket.org/harbour-payments"] in data["evidence"][0]
    assert not [word for word in ("Bitbucket Server", "Data Center", "PROJECT_READ", "whole server") if word in told]


@pytest.mark.usefixtures("exported")
def test_people_with_the_same_name_are_distinguished(run: Run) -> None:
    ended = run("access", "export.json", "--user", "Ruth Mensah")
    assert ended.code == 2
    assert "2 users are called 'Ruth Mensah': say which by {" in ended.err
    ended = run("access", "export.json", "--user", "ruth.mensah2")
    assert ended.code == 0
    assert "Ruth Mensah (ruth.mensah2)" in ended.out


# ---- the demo


def test_the_demo_is_a_company_before_and_after_its_migration(run: Run) -> None:
    assert run("demo").code == 0
    ended = run("demo", "--cloud")
    assert ended.code == 0, ended.err
    assert "Readable without signing in" in ended.out
    assert re.search(
        r"\d+ grants, [1-9]\d* SSH keys, \d+ protected default branches, [1-9]\d* webhook hosts", ended.err
    )
    assert "tokens;" not in ended.err
    assert files() == {"demo-export.json", "demo-report.html", "demo-cloud-export.json", "demo-cloud-report.html"}
    (application,) = json.loads(Path("demo-cloud-export.json").read_text())["applications"]
    assert application["application_type"] == "BitbucketCloud"
    assert "access tokens" in str(application)
    ended = run("diff", "demo-export.json", "demo-cloud-export.json", "--across")
    assert ended.code == 0, ended.err
    assert re.search(r"people +60 +57 +51 +51 e-mail", ended.out)
    assert "gains admin on the whole" in ended.out

"""The organisation of the demo: Harbour Payments, some sixty people, in which all occurs at least once.

Every level of every permission to users and to groups, defaults, public access, ownership, and
whatever makes exports go wrong. Read it from top to bottom: each part says what it is there for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Token
from connector.embedded.datacenter.sample_machines import SampleMachines

if TYPE_CHECKING:
    from connector.embedded.datacenter.organisation import Account, Organisation, Project

DEMO_USER = "bitbucket-admin"
DEMO_PASSWORD = "demo"  # noqa: S105 - of an organisation that exists in memory only
DEMO_TOKEN = "demo-token"  # noqa: S105 - likewise

_DAY = 86_400_000
_FOUNDED = 1_546_300_800_000
"""1 January 2019, in epoch milliseconds."""
_LAST_NIGHT = 1_735_682_400_000
"""31 December 2024; the demo has no clock, so that it says the same every day."""

_PEOPLE = {
    "payments-developers": (
        "amara.okafor Amara Okafor",
        "ben.lindqvist Ben Lindqvist",
        "carla.moreno Carla Moreno",
        "dmitri.volkov Dmitri Volkov",
        "elif.aydin Elif Aydin",
        "farid.haddad Farid Haddad",
        "grace.kim Grace Kim",
        "hugo.martin Hugo Martin",
        "ines.carvalho Inês Carvalho",
        "jonas.weber Jonas Weber",
        "keiko.tanaka Keiko Tanaka",
        "liam.byrne Liam Byrne",
    ),
    "payments-leads": ("priya.raman Priya Raman", "tomasz.nowak Tomasz Nowak"),
    "platform-engineers": (
        "mona.jensen Mona Jensen",
        "nikhil.rao Nikhil Rao",
        "olga.petrova Ольга Петрова",
        "pedro.alves Pedro Alves",
        "quinn.harper Quinn Harper",
        "rosa.conti Rosa Conti",
        "samir.aziz Samir Aziz",
        "tuva.berg Tuva Berg",
    ),
    "mobile-team": (
        "uma.pillai Uma Pillai",
        "victor.dumont Victor Dumont",
        "wanda.kowalska Wanda Kowalska",
        "xavier.roche Xavier Roche",
        "yara.silva Yara Silva",
        "zeynep.demir Zeynep Demir",
    ),
    "data-science": (
        "aiko.mori Aiko Mori",
        "bruno.ferri Bruno Ferri",
        "chloe.durand Chloé Durand",
        "david.osei David Osei",
        "emma.larsen Emma Larsen",
        "fatima.zahra Fatima Zahra",
        "georg.huber Georg Huber",
    ),
    "Security & Compliance": ("felix.braun Felix Braun", "gita.sharma Gita Sharma"),
    "contractors": (
        "ext.adams Adams, Robin (Brightline)",
        "ext.baker Baker, Sam (Brightline)",
        "ext.costa Costa, Alex (Nordcode)",
        "ext.dietz Dietz, Kim (Nordcode)",
        "ext.evans Evans, Jo (Nordcode)",
    ),
    "quality": (
        "hana.novak Hana Nováková",
        "ivan.horvat Ivan Horvat",
        "julia.stein Julia Stein",
        "karim.benali Karim Benali",
    ),
}


def sample_organisation() -> Organisation:
    """Build the organisation of the demo; always the same."""
    builder = Builder(version="9.4.2", public_access=True)
    sample = _Sample(builder)
    sample.people()
    sample.global_permissions()
    sample.payments()
    sample.platform()
    sample.mobile()
    sample.data()
    sample.open_source()
    sample.personal_projects()
    SampleMachines(builder.organisation).add()
    return builder.organisation


class _Sample:
    """Fills a builder, one team after the other."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.account: dict[str, Account] = {}

    def person(self, name: str, display_name: str, **details: Any) -> Account:  # noqa: ANN401
        """Add somebody with an e-mail address, who joined some day and was here last night."""
        number = len(self.account)
        defaults: dict[str, Any] = {
            "email": f"{name}@harbourpayments.example",
            "created": _FOUNDED + number * 17 * _DAY,
            "last_authenticated": _LAST_NIGHT - number * 3_600_000,
            "password": f"secret of {name}",
            "directory": "Harbour Active Directory",
        }
        self.account[name] = self.builder.account(name, display_name, **(defaults | details))
        return self.account[name]

    def people(self) -> None:
        """Add the teams, and everybody who stands beside them."""
        teams = {team: [self.person(*line.split(" ", 1)) for line in lines] for team, lines in _PEOPLE.items()}
        contractors = teams["contractors"]
        employees = [each for team, members in teams.items() for each in members if team != "contractors"]
        employees += self.others()
        for team, members in teams.items():
            self.builder.group(team, members)
        account = self.account
        self.builder.group("bitbucket-administrators", [account["mona.jensen"], account["nikhil.rao"]])
        self.builder.group("release-managers", [account["priya.raman"], account["mona.jensen"], contractors[0]])
        self.builder.group("build-accounts", [account["jenkins"], account["flux"], account["terraform"]])
        self.builder.group("bitbucket-users", employees)
        # Left over from a directory that was switched off: only a grant still knows it.
        self.builder.group("legacy-operations", listed=False)

    def others(self) -> list[Account]:
        """Add those who are in no team, and give those of them with an ordinary licence."""
        internal = {"directory": "Bitbucket Internal Directory"}
        machine = internal | {"email": None}
        admin = self.person(DEMO_USER, "Bitbucket Administrator", **(internal | {"password": DEMO_PASSWORD}))
        self.builder.organisation.tokens.append(Token(DEMO_TOKEN, admin.id))
        self.person("jenkins", "Jenkins (build)", **machine)
        self.person("flux", "Flux (deployment)", **machine)
        self.person("terraform", "Terraform", **machine)
        self.person("auditor@northgate.example", "Northgate Audit", email="auditor@northgate.example")
        self.person("intern", "Mira Solberg", last_authenticated=None)
        # Without LICENSED_USER: a grant of a repository, and no way to sign in.
        self.person("partner.acme", "Acme Integration", email="dev@acme.example")
        # In no directory any more; the grants have stayed.
        self.person("walter.kruger", "Walter Krüger", listed=False, active=False)
        self.person(
            "access-token-user/2/1",
            "ledger: mirror to disaster recovery",
            type="SERVICE",
            **(machine | {"password": "", "listed": False}),
        )
        left = self.person("nadia.farouk", "Nadia Farouk", active=False)
        left_too = self.person("oscar.lund", "Oscar Lund", active=False)
        managers = [
            self.person("ruth.mensah", "Ruth Mensah"),
            self.person("stefan.gruber", "Stefan Gruber"),
            self.person("tara.nguyen", "Tara Nguyen"),
        ]
        return [*managers, left, left_too, self.account["intern"]]

    def global_permissions(self) -> None:
        """Grant every global permission, to users and to groups; one group in a spelling of its own."""
        organisation = self.builder.organisation
        organisation.global_groups |= {
            "Bitbucket-Users": "LICENSED_USER",
            "contractors": "LICENSED_USER",
            "build-accounts": "LICENSED_USER",
            "payments-leads": "PROJECT_CREATE",
            "platform-engineers": "ADMIN",
            "bitbucket-administrators": "SYS_ADMIN",
        }
        organisation.global_users |= self.users(
            **{
                DEMO_USER: "SYS_ADMIN",
                "stefan.gruber": "ADMIN",
                "uma.pillai": "PROJECT_CREATE",
                "auditor@northgate.example": "LICENSED_USER",
            }
        )

    def payments(self) -> None:
        """Add the team's project: every level to groups and users, people who left, one-off grants."""
        project = self.builder.project(
            "PAY",
            "Payments",
            description="Everything that moves money. Ask #payments before you touch it.",
            groups={
                "payments-developers": "PROJECT_WRITE",
                "Payments-Leads": "PROJECT_ADMIN",
                "release-managers": "REPO_CREATE",
                "quality": "PROJECT_READ",
            },
            users=self.users(
                **{
                    "auditor@northgate.example": "PROJECT_READ",
                    "jenkins": "PROJECT_WRITE",
                    "uma.pillai": "REPO_CREATE",
                    "ruth.mensah": "PROJECT_ADMIN",
                    "nadia.farouk": "PROJECT_WRITE",
                }
            ),
        )
        add = self.builder.repository
        add(
            project,
            "Ledger",
            description="The books. " * 909 + "x",
            groups={"contractors": "REPO_READ", "Security & Compliance": "REPO_ADMIN"},
            users=self.users(
                **{
                    "access-token-user/2/1": "REPO_READ",
                    "ext.adams": "REPO_WRITE",
                    "farid.haddad": "REPO_ADMIN",
                    "oscar.lund": "REPO_ADMIN",
                }
            ),
        )
        add(
            project,
            "api",
            description="The public interface of payments",
            groups={"mobile-team": "REPO_WRITE"},
            users=self.users(**{"ext.baker": "REPO_READ"}),
        )
        add(project, "settlement.core", users=self.users(**{"partner.acme": "REPO_READ"}))
        add(project, "Card Tokeniser", groups={"legacy-operations": "REPO_WRITE"})
        add(project, "payments-docs", public=True)
        add(project, "chargebacks-2019", archived=True)
        self.repositories(project, "fraud-rules", "invoicing", "sepa-gateway", "reconciliation", "card-switch")

    def platform(self) -> None:
        """Add two projects of one name: the one in use, and the one that nobody dares to delete."""
        project = self.builder.project(
            "PLAT",
            "Platform",
            groups={"platform-engineers": "PROJECT_ADMIN", "build-accounts": "PROJECT_READ"},
            users=self.users(flux="PROJECT_WRITE", terraform="PROJECT_ADMIN"),
        )
        self.repositories(
            project, "clusters", "terraform-modules", "build-images", "observability", "vault-config", "dns"
        )
        self.builder.repository(project, "api", description="Same name as in payments, another thing")
        old = self.builder.project(
            "OLD_PLAT", "Platform", users=self.users(**{"walter.kruger": "PROJECT_ADMIN", "samir.aziz": "PROJECT_READ"})
        )
        self.builder.repository(old, "puppet", archived=True, state="OFFLINE")
        self.builder.repository(old, "bastion", archived=True, users=self.users(**{"walter.kruger": "REPO_ADMIN"}))

    def mobile(self) -> None:
        """Add a project with two rows of default permissions, of which the higher counts."""
        project = self.builder.project(
            "MOB",
            "Mobile",
            description="iOS and Android",
            defaults={"PROJECT_READ", "PROJECT_WRITE"},
            groups={"mobile-team": "PROJECT_ADMIN"},
        )
        self.repositories(project, "ios-app", "android-app", "design-tokens", "push-service", "ui-tests")
        self.builder.repository(project, "store-credentials", groups={"release-managers": "REPO_ADMIN"})

    def data(self) -> None:
        """Add what is open to everybody with a licence: to read, and to try things out."""
        project = self.builder.project(
            "DATA",
            "Data Science",
            defaults={"PROJECT_READ"},
            groups={"data-science": "PROJECT_WRITE"},
            users=self.users(**{"david.osei": "PROJECT_ADMIN"}),
        )
        self.repositories(project, "churn-model", "feature-store", "notebooks")
        self.builder.repository(project, "pipelines", groups={"contractors": "REPO_WRITE"})
        sandbox = self.builder.project("SAND", "Sandbox", defaults={"REPO_CREATE"})
        self.repositories(sandbox, "hackathon-2024", "playground", "onboarding")

    def open_source(self) -> None:
        """Add a public project, whose repositories do not all say so themselves."""
        project = self.builder.project(
            "OSS",
            "Open Source",
            description="What we give back",
            public=True,
            groups={"platform-engineers": "PROJECT_WRITE"},
        )
        self.repositories(project, "money-format", "iban-checker")
        self.builder.repository(project, "harbour-sdk", public=True, users=self.users(**{"ext.costa": "REPO_WRITE"}))

    def personal_projects(self) -> None:
        """Add a fork that is worked on in private, a repository shared with a colleague, a public one."""
        api = next(each for each in self.builder.organisation.repositories.values() if each.name == "api")
        amara = self.builder.personal_project(self.account["amara.okafor"])
        self.builder.repository(amara, "api", origin_id=api.id)
        self.builder.repository(amara, "retry-experiments", users=self.users(**{"ben.lindqvist": "REPO_WRITE"}))
        self.builder.repository(amara, "dotfiles", public=True)
        auditor = self.builder.personal_project(self.account["auditor@northgate.example"])
        self.builder.repository(auditor, "audit-scripts", groups={"Security & Compliance": "REPO_READ"})

    def repositories(self, project: Project, *names: str) -> None:
        """Add repositories without grants of their own."""
        for name in names:
            self.builder.repository(project, name)

    def users(self, **permissions: str) -> dict[int, str]:
        """Write grants by user name as grants by id."""
        return {self.account[name].id: permission for name, permission in permissions.items()}

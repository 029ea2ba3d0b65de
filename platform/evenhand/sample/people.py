"""The accounts of the sample: one person per role to sign in as, and the simulated crowd."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Membership, Role, User
from annotations.access import Access, annotator_of
from annotations.models import Annotator, Project
from evenhand.sample.crowd import Worker, crowd

PASSWORD = "evenhand-demo"  # noqa: S105 - public by intent: the sample runs on one's own machine
DOMAIN = "demo.example"


@dataclass(frozen=True)
class DemoAccount:
    """An account that a visitor may use."""

    role: Role
    email: str
    name: str


ACCOUNTS = (
    DemoAccount(Role.OWNER, f"owner@{DOMAIN}", "Olivia Owner"),
    DemoAccount(Role.EXPERT, f"expert@{DOMAIN}", "Edgar Expert"),
    DemoAccount(Role.WORKER, f"worker@{DOMAIN}", "Wanda Worker"),
    DemoAccount(Role.AUDITOR, f"auditor@{DOMAIN}", "Audrey Auditor"),
)


def demo_user(role: Role) -> User:
    """The account of one role, made on first use; the owner also runs the installation."""
    account = next(one for one in ACCOUNTS if one.role == role)
    user = User.objects.filter(email=account.email).first()
    if user is None:
        staff = role == Role.OWNER
        user = User.objects.create_user(account.email, PASSWORD, display_name=account.name, is_staff=staff)
    return user


def simulated_user(key: str, name: str) -> User:
    """A program's account: nobody can sign in to it."""
    user = User.objects.filter(email=f"{key}@{DOMAIN}").first()
    return user or User.objects.create_user(f"{key}@{DOMAIN}", None, display_name=name, is_simulated=True)


def simulated_expert() -> User:
    return simulated_user("simulated-expert", "Simulated expert")


def enrol(project: Project) -> None:
    """Everybody's membership: the visitor's accounts, the crowd, the simulated expert."""
    members = [(demo_user(account.role), account.role) for account in ACCOUNTS]
    members += [(simulated_user(worker.key, worker.name), Role.WORKER) for worker in crowd()]
    members.append((simulated_expert(), Role.EXPERT))
    for user, role in members:
        Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})


def annotators(project: Project) -> dict[Worker, Annotator]:
    """Each simulated worker's annotator in the project."""
    found: dict[Worker, Annotator] = {}
    for worker in crowd():
        user = simulated_user(worker.key, worker.name)
        found[worker] = annotator_of(Access(project=project, role=Role.WORKER, user=user))
    return found


def sign_in_lines() -> list[str]:
    """What a visitor needs to know, a line per role."""
    width = max(len(account.email) for account in ACCOUNTS)
    return [f"  {account.role.label!s:<8} {account.email:<{width}}  {PASSWORD}" for account in ACCOUNTS]

"""Who may see and do what. Pure; the answers come from the roles a person holds in offices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.errors import NotAllowed, NotFound


@dataclass(frozen=True)
class Actor:
    """Who is asking: a person with (role, office) pairs, or the clock (`id` is None)."""

    id: int | None
    name: str
    roles: frozenset[tuple[str, str]] = field(default=frozenset())
    stands_in_for: frozenset[int] = field(default=frozenset())  # people who are away and have this one as deputy

    @property
    def offices(self) -> frozenset[str]:
        """The offices in which the person holds a role."""
        return frozenset(office for _, office in self.roles)

    def holds(self, role: str, office: str | None = None) -> bool:
        """Whether the person has this role, in this office if one is given."""
        return any(r == role and office in (None, o) for r, o in self.roles)


CLOCK = Actor(None, "clock")
SYSTEM = Actor(None, "system")


@dataclass(frozen=True)
class Role:
    """A role: held in an office, or for the whole district; sees its offices' cases, or all; may lead others."""

    id: str
    name: str
    scope: str = "office"
    sees: str = "office"
    leads: bool = False  # may give other people's tasks to somebody else
    models: str = ""  # draw: changes models, and decides on those of others; approve: decides only


def pool_of(role: str, office: str, roles: Mapping[str, Role]) -> str:
    """The queue a task of this role waits in: one per office, or one for all holders of a district-wide role."""
    known = roles.get(role)
    return f"*/{role}" if known is not None and known.scope == "district" else f"{office}/{role}"


def pools(actor: Actor, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """The queues a person may take tasks from."""
    return tuple(sorted({pool_of(role, office, roles) for role, office in actor.roles}))


def sees_all(actor: Actor, roles: Mapping[str, Role]) -> bool:
    """Whether the person may see the cases of every office."""
    return actor.id is None or any(role in roles and roles[role].sees == "all" for role, _ in actor.roles)


def may_see(actor: Actor, offices: Iterable[str], roles: Mapping[str, Role]) -> bool:
    """Whether the person may see a case of these (owning and participating) offices."""
    return sees_all(actor, roles) or not actor.offices.isdisjoint(offices)


def may_take(actor: Actor, role: str | None, office: str, assignee: int | None, roles: Mapping[str, Role]) -> bool:
    """Whether the person may do a task: it is theirs or of somebody they act for, or waits in one of their queues."""
    if actor.id is None or assignee == actor.id or assignee in actor.stands_in_for:
        return True
    return assignee is None and role is not None and pool_of(role, office, roles) in pools(actor, roles)


def may_give_away(actor: Actor, office: str, assignee: int | None, roles: Mapping[str, Role]) -> bool:
    """Whether the person may give a task of this office to somebody else: it is theirs, or they lead there."""
    return (assignee is not None and assignee == actor.id) or may_lead(actor, office, roles)


def may_lead(actor: Actor, office: str, roles: Mapping[str, Role]) -> bool:
    """Whether the person leads the work of this office: as its head, or for the whole district."""
    held = [(roles[role], where) for role, where in actor.roles if role in roles]
    return any(role.leads and (where == office or role.scope == "district") for role, where in held)


def may_draw(actor: Actor, roles: Mapping[str, Role]) -> bool:
    """Whether the person may change models."""
    return actor.id is None or _models(actor, roles, ("draw",))


def may_approve(actor: Actor, roles: Mapping[str, Role]) -> bool:
    """Whether the person may decide whether somebody else's model is published."""
    return _models(actor, roles, ("draw", "approve"))


def _models(actor: Actor, roles: Mapping[str, Role], allowed: tuple[str, ...]) -> bool:
    return any(role in roles and roles[role].models in allowed for role, _ in actor.roles)


def require_sight(actor: Actor, offices: Iterable[str], roles: Mapping[str, Role]) -> None:
    """Raise NotFound: what a person may not see does not exist for them."""
    if not may_see(actor, offices, roles):
        raise NotFound


def require_take(actor: Actor, role: str | None, office: str, assignee: int | None, roles: Mapping[str, Role]) -> None:
    """Raise NotAllowed unless the person may do the task."""
    if not may_take(actor, role, office, assignee, roles):
        raise NotAllowed("this task belongs to somebody else", role=role, office=office)

"""Who may do what, and of which agencies. What is public needs no right."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EVERY: Final = "*"
"""Stands for all agencies; no agency has this id."""


class Right(StrEnum):
    """What can be done of an agency."""

    LOOK = "look"
    """See where its machines are, its roads of this moment, its routes, snow and figures."""
    REPORT = "report"
    """Read its daily reports."""
    TELL = "tell"
    """Enter facts by hand."""
    SEND = "send"
    """Hand in what devices and sensors saw."""
    REVIEW = "review"
    """Read who did and saw what."""
    OPERATE = "operate"
    """Read the figures of the services."""


class Role(StrEnum):
    """What a person is for an agency."""

    VIEWER = "viewer"
    CONTRACTOR = "contractor"
    DISPATCHER = "dispatcher"
    ROAD_MANAGER = "road_manager"
    ADMINISTRATOR = "administrator"


_DISPATCHER = frozenset({Right.LOOK, Right.REPORT, Right.TELL})
_ROAD_MANAGER = _DISPATCHER | {Right.REVIEW}
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: frozenset({Right.LOOK}),
    Role.CONTRACTOR: frozenset({Right.REPORT}),
    Role.DISPATCHER: _DISPATCHER,
    Role.ROAD_MANAGER: _ROAD_MANAGER,
    Role.ADMINISTRATOR: _ROAD_MANAGER | {Right.SEND, Right.OPERATE},
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Agencies, or all of them."""

    agencies: frozenset[str]

    def __contains__(self, agency: str | None) -> bool:
        return EVERY in self.agencies or agency in self.agencies

    def __bool__(self) -> bool:
        return bool(self.agencies)

    @property
    def is_every(self) -> bool:
        return EVERY in self.agencies

    @property
    def listed(self) -> list[str] | None:
        """As the statements ask for it: nothing stands for all."""
        return None if self.is_every else sorted(self.agencies)

    def narrowed(self, agency: str | None) -> "Scope":
        """To one agency, where one is asked for."""
        if agency is None:
            return self
        return Scope(frozenset({agency} if agency in self else ()))


ALL: Final = Scope(frozenset({EVERY}))


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights of an agency; with a contractor, of this contractor's machines alone."""

    rights: frozenset[Right]
    agency: str
    contractor: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person who signed in, or the holder of a key."""

    name: str
    grants: tuple[Grant, ...]

    def scope(self, right: Right) -> Scope:
        """The agencies, all machines of which this right is given for."""
        return Scope(frozenset(one.agency for one in self.grants if right in one.rights and one.contractor is None))

    def contractors(self, right: Right, agency: str) -> tuple[str, ...]:
        """The contractors of an agency for whose machines this right is given."""
        return tuple(
            one.contractor
            for one in self.grants
            if right in one.rights and one.agency == agency and one.contractor is not None
        )

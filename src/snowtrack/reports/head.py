"""The head of the daily report: what the registry says of the machines that carried the tracker that day.

What the registry does not say stays empty, to be written by hand: it holds no contract and no weather, and of operators
not which machine they drove. Who gave an order is private, and no report's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from snowtrack.model.calendar import tokyo_text, utc_text
from snowtrack.model.machines import JAPANESE, MachineKind
from snowtrack.reports import texts

# The fields in the order of the form.
HEAD_FIELDS = ("contractor", "district", "contract", "order", "machine", "operator", "assistant", "weather", "snow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A machine was sent out."""

    number: str
    issued_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A machine that carried the tracker. `from_us` and `to_us` are there where that began or ended within the day."""

    from_us: int | None
    to_us: int | None
    machine: str
    kind: MachineKind
    size: str | None
    plate: str | None
    owner: str | None
    contractor: str | None
    districts: tuple[str, ...]
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The machines in the order of time, at least one; and what fell that day at each of the agency's sensors that can
    tell."""

    agency: str
    carriers: tuple[Carrier, ...]
    new_snow_mm: tuple[int, ...] = ()

    def head(self) -> dict[str, str | None]:
        """As the form has it; a field with a line for each machine where these differ."""
        known = {
            "contractor": self._of_each(lambda carrier: carrier.contractor),
            "district": self._of_each(lambda carrier: texts.AND.join(carrier.districts) or None),
            "order": self._of_each(_orders),
            "machine": "\n".join(_described(carrier) + _when(carrier) for carrier in self.carriers),
            "snow": _snow(self.new_snow_mm) if self.new_snow_mm else None,
        }
        return {field: known.get(field) for field in HEAD_FIELDS}

    def as_json(self) -> list[dict[str, Any]]:
        """The machines, for machines."""
        return [_carrier_json(carrier) for carrier in self.carriers]

    def _of_each(self, said: Callable[[Carrier], str | None]) -> str | None:
        found = [said(carrier) for carrier in self.carriers]
        if len(set(found)) == 1:
            return found[0]
        each = zip(self.carriers, found, strict=True)
        return "\n".join(f"{one.machine}{_when(one)}：{text or texts.UNREGISTERED}" for one, text in each)


def _described(carrier: Carrier) -> str:
    owner = None if carrier.owner is None else texts.OWNERS[carrier.owner]
    parts = (JAPANESE[carrier.kind], carrier.size, carrier.machine, carrier.plate, owner)
    return " / ".join(part or texts.UNKNOWN for part in parts)


def _when(carrier: Carrier) -> str:
    begun = "" if carrier.from_us is None else texts.SINCE.format(tokyo_text(carrier.from_us))
    ended = "" if carrier.to_us is None else texts.UNTIL.format(tokyo_text(carrier.to_us))
    return f"（{begun}{ended}）" if begun or ended else ""


def _orders(carrier: Carrier) -> str | None:
    return texts.AND.join(f"{order.number}（{tokyo_text(order.issued_us)}）" for order in carrier.orders) or None


def _snow(new_mm: tuple[int, ...]) -> str:
    """In whole centimetres, as the Meteorological Agency says it."""
    low, high = round(min(new_mm) / 10), round(max(new_mm) / 10)
    return texts.NEW_SNOW.format(str(low) if low == high else f"{low}–{high}", len(new_mm))


def _carrier_json(carrier: Carrier) -> dict[str, Any]:
    return {
        "from": None if carrier.from_us is None else utc_text(carrier.from_us),
        "to": None if carrier.to_us is None else utc_text(carrier.to_us),
        "machine": carrier.machine,
        "kind": carrier.kind.word,
        "class": carrier.size,
        "plate": carrier.plate,
        "owner": carrier.owner,
        "contractor": carrier.contractor,
        "districts": list(carrier.districts),
        "orders": [{"number": order.number, "issued_at": utc_text(order.issued_us)} for order in carrier.orders],
    }

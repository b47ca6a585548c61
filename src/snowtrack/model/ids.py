"""Who: agencies and devices. Their ids become parts of topics, so the alphabet is narrow."""

import re
from dataclasses import dataclass
from typing import Self

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class DeviceId:
    """One tracker. The same device name under another agency is another device."""

    agency: str
    device: str

    def __post_init__(self) -> None:
        for part in (self.agency, self.device):
            if not ID_PATTERN.fullmatch(part):
                raise ValueError(f"{part!r} is not an id: expected 1 to 64 of A-Z a-z 0-9 _ -")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `agency/device`."""
        agency, slash, device = text.partition("/")
        if not slash:
            raise ValueError(f"{text!r} alone is not an id")
        return cls(agency, device)

    def __str__(self) -> str:
        return f"{self.agency}/{self.device}"

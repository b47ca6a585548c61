"""What a scenario says of the radio network."""

from dataclasses import dataclass, field

from ploughsim.rules import number, share, yes_or_no


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioSettings:
    """Section [radio]. Without any key the network is always there, and every message arrives once."""

    latency_ms: float = field(default=120.0, metadata=number(0, 60_000))
    latency_spread: float = field(default=0.4, metadata=number(0, 2))
    loss: float = field(default=0.0, metadata=share())
    confirmation_loss: float = field(default=0.0, metadata=share())
    duplication: float = field(default=0.0, metadata=share())
    reordering: float = field(default=0.0, metadata=share())
    reordering_s: float = field(default=3.0, metadata=number(0, 600))
    uplink_kbps: float = field(default=256.0, metadata=number(1, 1_000_000))
    dropouts_per_h: float = field(default=0.0, metadata=number(0, 3600))
    dropout_s: float = field(default=20.0, metadata=number(0.1, 36_000))
    cell_outages_per_h: float = field(default=0.0, metadata=number(0, 60))
    cell_outage_s: float = field(default=300.0, metadata=number(1, 36_000))
    dead_cells: float = field(default=0.0, metadata=share())
    in_tunnels: bool = field(default=False, metadata=yes_or_no())
    away_after_min: float = field(default=0.0, metadata=number(0, 100_000))
    away_min: float = field(default=0.0, metadata=number(0, 100_000))

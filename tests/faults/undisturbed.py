"""The same epochs once more, in order, through an ingest and a fold that nobody disturbs, into another database."""

from collections.abc import Collection, Iterator
from contextlib import redirect_stderr
from io import StringIO
from typing import Any, NamedTuple

import psycopg
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults.ledger import Key, Ledger
from tests.mosquitto import RunningBroker, release
from tests.services.line import Line
from tests.services.results import ACTIVITIES, PASSES, STATES, await_settled, services
from tests.services.waiting import await_true
from tests.store.databases import rows

TRACKS = """
select name, started_at, ended_at, track.fixes, jumps, returns, twins, too_fast, frozen_us, unsure
from track join device using (device) order by 1, 2
"""
EVENT = "select network_id, event_start from fold_progress"
STORED = "select (select count(*) from fix) + (select count(*) from fix_undated)"
UNSAVED = """
select (select count(*) from fix) + (select count(*) from fix_undated) - sum(fixes) + (select count(*) from journal)
from device
"""
# As much as a tracker sends of its backlog at once.
EPOCHS_MAX = 100
ON_THEIR_WAY_MAX = 200
SETTLED_S_MAX, STORED_S_MAX = 240.0, 300.0
SHOWN_MAX = 3


class Facts(NamedTuple):
    """What a night comes to, without the numbers of rows and without the times of writing."""

    passes: list[tuple[Any, ...]]
    activities: list[tuple[Any, ...]]
    tracks: list[tuple[Any, ...]]
    states: list[tuple[Any, ...]]
    event: list[tuple[Any, ...]]

    def differences(self, other: "Facts") -> list[str]:
        """Tables in which they differ, with some of the rows that only one of them has."""
        said = []
        for name, own, theirs in zip(self._fields, self, other, strict=True):
            if own != theirs:
                ours_alone = [row for row in own if row not in set(theirs)]
                theirs_alone = [row for row in theirs if row not in set(own)]
                said.append(
                    f"{name}: {len(ours_alone)} of {len(own)} rows only here, {len(theirs_alone)} of {len(theirs)} "
                    f"only undisturbed; here: {_shown(ours_alone)}; undisturbed: {_shown(theirs_alone)}"
                )
        return said


def _shown(found: list[tuple[Any, ...]]) -> str:
    return " | ".join(" ".join(map(str, row)) for row in found[:SHOWN_MAX])


def read_facts(url: str) -> Facts:
    return Facts(*(rows(url, statement) for statement in (PASSES, ACTIVITIES, TRACKS, STATES, EVENT)))


def run_undisturbed(line: Line, ledger: Ledger, chosen: Collection[Key]) -> Facts:
    """What these epochs of the ledger come to."""
    with redirect_stderr(StringIO()), services(line, "ingest", "fold"):
        send(line.broker, ledger, chosen)
        await_true(lambda: rows(line.url, STORED)[0][0] >= len(chosen), "all is stored", STORED_S_MAX)
        await_all_settled(line)
    return read_facts(line.url)


def await_all_settled(line: Line) -> None:
    """What is stored is computed and saved, and nothing of it is to be computed again."""
    await_true(lambda: rows(line.url, UNSAVED) == [(0,)], "all is computed and saved", SETTLED_S_MAX)
    await_settled(line, SETTLED_S_MAX)


def send(broker: RunningBroker, ledger: Ledger, chosen: Collection[Key]) -> None:
    """In the order in which they were written down, so that each tracker's are in the order of time."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(ON_THEIR_WAY_MAX)
    client.connect(broker.address.host, broker.address.port)
    client.loop_start()
    going: list[MQTTMessageInfo] = []
    for device, payload in payloads(ledger, chosen):
        going.append(client.publish(f"snow/v1/{device}/log", payload, qos=1))
        if len(going) == ON_THEIR_WAY_MAX:
            going.pop(0).wait_for_publish(STORED_S_MAX)
    for info in going:
        info.wait_for_publish(STORED_S_MAX)
    client.disconnect()
    client.loop_stop()
    release(client)


def payloads(ledger: Ledger, chosen: Collection[Key]) -> Iterator[tuple[str, bytes]]:
    """By device, as many epochs at once as a message takes."""
    waiting: dict[str, list[bytes]] = {}
    for key, epoch in ledger.sent.items():
        if key in chosen:
            own = waiting.setdefault(key.device, [])
            own.append(epoch)
            if len(own) == EPOCHS_MAX:
                yield key.device, b"".join(own)
                own.clear()
    yield from ((device, b"".join(own)) for device, own in waiting.items() if own)


def end_lease(url: str) -> None:
    """As if the time of a killed fold were over."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update lease set expires_at = now() - interval '1 second'")

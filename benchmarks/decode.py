"""`decode`: payload bytes to fixes, checksum and merging included, on one core.

Input: epochs of RMC and GGA as a receiver writes them, once as large payloads of one device (200 KB each), once as
10,000 payloads of one epoch, each of another device, in one batch. Peers get the same bytes in the same run: pynmea2
reads latitude, longitude and date and time of each sentence; gpsdecode (Debian's gpsd-clients, C) reads the whole log
from a file and writes its JSON to nowhere. Before anything is measured, positions and times are compared with
pynmea2's.
"""

import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from importlib.metadata import version
from operator import xor
from pathlib import Path
from tempfile import TemporaryDirectory

import pynmea2

from benchmarks.report import Report, Result, best_rate
from snowtrack.model.fixes import Message
from snowtrack.nmea.decode import decode

OURS = "snowtrack"
RECEIVED_US = 1_790_000_000_000_000
LARGE_EPOCHS, EPOCHS_PER_PAYLOAD, SMALL_PAYLOADS = 100_000, 1_500, 10_000
PEER_LINES = 20_000


def run(progress: Callable[[str], None]) -> Report:
    """Large payloads, then small ones, each beside the peers."""
    progress("writing the log")
    epochs = _epochs(LARGE_EPOCHS)
    large = [
        Message(device=1, received_us=RECEIVED_US, payload=b"".join(epochs[at : at + EPOCHS_PER_PAYLOAD]))
        for at in range(0, LARGE_EPOCHS, EPOCHS_PER_PAYLOAD)
    ]
    small = [
        Message(device=device, received_us=RECEIVED_US, payload=epoch)
        for device, epoch in enumerate(epochs[:SMALL_PAYLOADS])
    ]
    _compare(small)
    progress("decoding large payloads, also by pynmea2")
    ours_large = best_rate(lambda: [decode([message]) for message in large], 2 * LARGE_EPOCHS)
    peer_large = _pynmea2([b"".join(epochs[: PEER_LINES // 2])])
    progress("decoding small payloads, also by pynmea2")
    ours_small = best_rate(lambda: decode(small), 2 * SMALL_PAYLOADS)
    peer_small = _pynmea2([message.payload for message in small])
    rows = [
        _row("large payloads", OURS, ours_large),
        _row("large payloads", _named("pynmea2"), peer_large),
        _row("10,000 small payloads", OURS, ours_small),
        _row("10,000 small payloads", _named("pynmea2"), peer_small),
    ]
    ratios = {
        "vs_pynmea2_small": ours_small / peer_small,
        "vs_pynmea2_large": ours_large / peer_large,
        "sentences_per_s_core": ours_large,
    }
    program = shutil.which("gpsdecode")
    if program is None:
        return Report(name="decode", results=tuple(rows), ratios=ratios, missing=("gpsdecode (gpsd-clients)",))
    progress("decoding by gpsdecode")
    gpsdecode = _gpsdecode(program, epochs)
    rows.append(_row("large payloads", _gpsdecode_version(program), gpsdecode))
    return Report(name="decode", results=tuple(rows), ratios=ratios | {"vs_gpsdecode": ours_large / gpsdecode})


def _epochs(count: int) -> list[bytes]:
    """A drive around Kanazawa, an epoch a second."""
    chance = random.Random(1)  # noqa: S311 - the same log in each run
    return [_epoch(second, chance) for second in range(count)]


def _epoch(second: int, chance: random.Random) -> bytes:
    clock = f"{second // 3600 % 24:02}{second // 60 % 60:02}{second % 60:02}.00"
    place = f"36{chance.uniform(30, 40):07.4f},N,136{chance.uniform(30, 45):07.4f},E"
    date = f"{14 + second // 86_400:02}0126"
    rmc = f"GPRMC,{clock},A,{place},{chance.uniform(0, 20):.2f},{chance.uniform(0, 359):.1f},{date},,,A"
    gga = f"GPGGA,{clock},{place},1,{chance.randint(5, 12):02},{chance.uniform(0.7, 2):.1f},31.4,M,36.9,M,,"
    return _sentence(rmc) + _sentence(gga)


def _sentence(body: str) -> bytes:
    checksum = reduce(xor, body.encode())
    return f"${body}*{checksum:02X}\r\n".encode()


def _pynmea2(payloads: list[bytes]) -> float:
    lines = sum(payload.count(b"\n") for payload in payloads)

    def read() -> None:
        for payload in payloads:
            for line in payload.decode("ascii").splitlines():
                parsed = pynmea2.parse(line)
                _ = (parsed.latitude, parsed.longitude, getattr(parsed, "datetime", parsed.timestamp))

    return best_rate(read, lines, repeats=3)


def _gpsdecode(program: str, epochs: list[bytes]) -> float:
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.nmea"
        log.write_bytes(b"".join(epochs))

        def read() -> None:
            with log.open("rb") as source:
                subprocess.run([program], stdin=source, stdout=subprocess.DEVNULL, check=True)  # noqa: S603

        return best_rate(read, 2 * len(epochs), repeats=3)


def _compare(messages: list[Message]) -> None:
    """The same positions and times as pynmea2's, or there is nothing to measure."""
    fixes = decode(messages).fixes
    rows = zip(fixes.lat_e7.tolist(), fixes.lon_e7.tolist(), fixes.time_us.tolist(), strict=True)
    for message, (lat_e7, lon_e7, time_us) in zip(messages, rows, strict=True):
        rmc = pynmea2.parse(message.payload.splitlines()[0].decode("ascii"))
        time: datetime = rmc.datetime
        if (round(rmc.latitude * 1e7), round(rmc.longitude * 1e7)) != (lat_e7, lon_e7):
            raise AssertionError(f"another position than pynmea2's: {message.payload!r}")
        if round(time.timestamp() * 1e6) != time_us:
            raise AssertionError(f"another time than pynmea2's: {message.payload!r}")


def _row(what: str, of: str, value: float) -> Result:
    return Result(what=what, of=of, value=value, unit="sentences/s")


def _named(package: str) -> str:
    return f"{package} {version(package)}"


def _gpsdecode_version(program: str) -> str:
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)  # noqa: S603
    return " ".join((said.stdout + said.stderr).split()) or "gpsdecode"

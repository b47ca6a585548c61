"""The daily reports that the engine wrote of a night, read over its API."""

from collections.abc import Iterator
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import orjson
import polars as pl

from ploughsim.errors import ScoreError

_TIMEOUT_S = 60
_BYTES_MAX = 1 << 24
SECONDS = ("working", "travelling", "standby", "no_signal")


def read_reports(url: str, units: pl.DataFrame, days: list[str]) -> pl.DataFrame:
    """A row for each device and day: seconds by what it did, km driven and km worked."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ScoreError("--api must read http://host[:port] or https://…")
    rows = [
        {"agency": agency, "device": device, "day": day} | _figures(report)
        for agency, device in units.select("agency", "device").iter_rows()
        for day in days
        for report in _report(f"{url.rstrip('/')}/v1/reports/daily/{quote(agency)}/{quote(device)}/{day}")
    ]
    columns: dict[str, Any] = dict.fromkeys(("agency", "device", "day"), pl.String)
    columns |= dict.fromkeys((*SECONDS, "driven_km", "worked_km"), pl.Float64)
    return pl.DataFrame(rows, schema=columns)


def _report(address: str) -> Iterator[dict[str, Any]]:
    """None of a device that was never heard of, or that did nothing."""
    try:
        with urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http or https, checked
            report = orjson.loads(answer.read(_BYTES_MAX))
    except URLError as error:
        if getattr(error, "code", None) == 404:
            return
        raise ScoreError(f"--api: {address}: {error.reason}") from error
    except orjson.JSONDecodeError as error:
        raise ScoreError(f"--api: {address}: {error}") from error
    if report.get("seconds"):
        yield report


def _figures(report: dict[str, Any]) -> dict[str, float]:
    seconds = {name: float(report["seconds"].get(name, 0)) for name in SECONDS}
    return seconds | {name: float(report[name]) for name in ("driven_km", "worked_km")}

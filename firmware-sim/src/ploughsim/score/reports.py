"""The daily reports that the engine wrote of a night, read over its API."""

import os
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import orjson
import polars as pl

from ploughsim.errors import ScoreError

KEY_VARIABLE = "PLOUGHSIM_API_KEY"
_TIMEOUT_S = 15
_BYTES_MAX = 1 << 24
SECONDS = ("working", "travelling", "standby", "parked", "no_signal")


def read_reports(url: str, units: pl.DataFrame, days: list[str]) -> pl.DataFrame:
    """A row for each device and day: seconds by what it did, km driven and km worked."""
    root = _root(url)
    rows = [
        {"agency": agency, "device": device, "day": day} | figures
        for agency, device in units.select("agency", "device").iter_rows()
        for day in days
        for figures in _report(f"{root}/v1/reports/daily/{quote(agency)}/{quote(device)}/{day}")
    ]
    if not rows:
        raise ScoreError(f"--api: {root} has no report of any device of this night; is it the engine's address?")
    columns: dict[str, Any] = dict.fromkeys(("agency", "device", "day"), pl.String)
    columns |= dict.fromkeys((*SECONDS, "driven_km", "worked_km"), pl.Float64)
    return pl.DataFrame(rows, schema=columns)


def _root(url: str) -> str:
    """The address without what stands behind the port. It is not repeated where it is wrong: it may hold a password."""
    expected = ScoreError("--api must read http://host[:port] or https://…")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        raise expected from None
    if not fits or " " in url:
        raise expected
    return f"{parts.scheme}://{parts.netloc}"


def _key() -> dict[str, str]:
    """A key with the right to reports, from the environment, where no other user of the machine sees it."""
    key = os.environ.get(KEY_VARIABLE)
    return {"authorization": f"Bearer {key}"} if key else {}


def _report(address: str) -> Iterator[dict[str, float]]:
    """None of a device that was never heard of, or that did nothing."""
    try:
        with urlopen(Request(address, headers=_key()), timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http or https, checked
            report = orjson.loads(answer.read(_BYTES_MAX))
        if report["seconds"]:
            yield _figures(report)
    except HTTPError as error:
        if error.code != 404:
            raise ScoreError(f"--api: {address}: {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise ScoreError(f"--api: {address}: {getattr(error, 'reason', error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScoreError(f"--api: {address}: not a daily report") from error


def _figures(report: dict[str, Any]) -> dict[str, float]:
    seconds = {name: float(report["seconds"].get(name, 0)) for name in SECONDS}
    return seconds | {name: float(report[name]) for name in ("driven_km", "worked_km")}

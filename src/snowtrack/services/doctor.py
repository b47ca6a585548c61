"""`snowtrack doctor`: one screen that says what is right, and what to do about what is not."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiomqtt
import httpx

from snowtrack.api.app import PAGES
from snowtrack.live.bus import ROOT as NEWS_ROOT
from snowtrack.model.errors import SnowtrackError, StoreError
from snowtrack.roads.files import check_network, open_network
from snowtrack.services.instance import database_url
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.settings import EMBEDDED, Settings
from snowtrack.sources.window import window_of
from snowtrack.store.database import connect, describe, store_errors
from snowtrack.store.migrate import database_kind, missing_migrations

TIMEOUT_S = 5.0
# Of messages that a broker sends ahead of their acknowledgement: those of a tenth of a second of a storm.
WINDOW_MIN = 2_000
WINDOW_TOPIC = f"{NEWS_ROOT}/window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line. `advice` is empty where all is well."""

    part: str
    found: str
    advice: str = ""


async def examine(settings: Settings) -> bool:
    """Look at everything; true when nothing is wrong."""
    table = make_table("part", "", "found", "what to do")
    healthy = True
    async for finding in _findings(settings):
        healthy = healthy and not finding.advice
        table.add_row(finding.part, "FAULT" if finding.advice else "ok", finding.found, finding.advice)
    show_table(table)
    return healthy


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield _folder(settings)
    yield _network(settings)
    yield await _database(settings)
    yield await _broker(settings)
    yield _pages()
    yield await _api(settings)


def _folder(settings: Settings) -> Finding:
    folder = settings.data.folder.absolute()
    if not folder.is_dir():
        return Finding(part="data folder", found=f"{folder} does not exist yet", advice="snowtrack up makes it")
    free_mb = shutil.disk_usage(folder).free // 2**20
    advice = f"free at least {settings.data.free_mb_min} MB" if free_mb < settings.data.free_mb_min else ""
    return Finding(part="data folder", found=f"{folder}, {free_mb} MB free", advice=advice)


def _network(settings: Settings) -> Finding:
    try:
        network = open_network(settings.network_folder)
        broken = check_network(settings.network_folder)
    except SnowtrackError as error:
        return Finding(part="network", found=str(error), advice="snowtrack up makes the sample town")
    advice = f"damaged: {', '.join(broken)}; make or import it again" if broken else ""
    return Finding(part="network", found=f"{network.name}, {len(network):,} segments", advice=advice)


async def _database(settings: Settings) -> Finding:
    try:
        url = database_url(settings)
        async with connect(url, name="doctor") as connection:
            with store_errors("cannot be read"):
                kind, missing = await database_kind(connection), await missing_migrations(connection)
    except StoreError as error:
        return Finding(part="database", found=str(error), advice="start it, or check the address and the password")
    advice = f"{len(missing)} migrations to apply: snowtrack ingest does it" if missing else ""
    return Finding(part="database", found=f"{describe(url)}, {kind}", advice=advice)


async def _broker(settings: Settings) -> Finding:
    address, own = settings.broker_address, settings.broker.url == EMBEDDED
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        tls_context=address.tls,
        timeout=TIMEOUT_S,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S), client:
            # The embedded one is for trying things, and sends one message after the other.
            window = WINDOW_MIN if own else await window_of(address, client, WINDOW_TOPIC, WINDOW_MIN)
    except (aiomqtt.MqttError, TimeoutError) as error:
        advice = "snowtrack up starts it" if own else "start the broker, or check broker.url and its password"
        return Finding(part="broker", found=f"{address}: {str(error) or 'no answer'}", advice=advice)
    if window < WINDOW_MIN:
        found = f"{address} sends no more than {window:,} messages that are not acknowledged yet"
        advice = "raise max_inflight_messages (Mosquitto) or max_ack_pending (NATS): docs/brokers.md"
        return Finding(part="broker", found=found, advice=advice)
    return Finding(part="broker", found=f"{address} answers")


def _pages() -> Finding:
    built = (PAGES / "index.html").is_file()
    return Finding(part="pages", found="built" if built else "not built", advice="" if built else "make setup")


async def _api(settings: Settings) -> Finding:
    url = settings.api.url
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = (await client.get(f"{url}/readyz")).json()
    except (httpx.HTTPError, ValueError) as error:
        return Finding(part="api", found=f"{url}: {type(error).__name__}", advice="snowtrack up (or serve) starts it")
    faults = "; ".join(f"{part} {fault}" for part, fault in answer.get("faults", {}).items())
    return Finding(part="api", found=f"{url} {'has faults' if faults else 'is ready'}", advice=faults)

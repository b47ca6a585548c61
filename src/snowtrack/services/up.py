"""`snowtrack up`: everything on one machine. Start in order, tell how it goes, stop in order."""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from snowtrack import wall_clock
from snowtrack.fleet.intake import take_in
from snowtrack.model.errors import ConfigError
from snowtrack.roads.files import is_outdated, open_network, write_network
from snowtrack.roads.sample import sample_network
from snowtrack.services.accounts import FIRST_ACCOUNT, invite_first, key_of_up
from snowtrack.services.children import ChildError, Nursery
from snowtrack.services.fleet import read_files
from snowtrack.services.instance import instance_lock, noted_database
from snowtrack.services.stopping import stop_on_signals, stopped_within
from snowtrack.serving import listen
from snowtrack.settings import EMBEDDED, Settings, as_environment
from snowtrack.store.database import connect, describe, store_errors
from snowtrack.store.embedded import EmbeddedServer
from snowtrack.store.migrate import migrate
from snowtrack.store.rights import Role, as_role

REPORT_S = 5.0
# In this order, so that no one loses whom it still needs; together well under ten seconds.
STOP_ORDER = ((("simulator", "portal"), 3.0), (("api", "ingest", "fold"), 3.0), (("broker",), 1.5))
DATABASE_STOP_S = 2.0
DATABASE_URL = "SNOWTRACK_DATABASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What `up` does beside serving: a simulated fleet, and an end of its own."""

    ploughs: int = 0
    seconds: float | None = None


class Up:
    """One run."""

    def __init__(self, settings: Settings, demo: Demo) -> None:
        self.settings = settings
        self.demo = demo
        self.folder = settings.data.folder.absolute()
        self.console = Console(highlight=False, soft_wrap=True)
        self.invitation: str | None = None

    def say(self, text: str) -> None:
        self.console.print(text, markup=False)

    async def run(self) -> None:
        """Until told to stop, or until something that belongs to us ends by itself."""
        stopping = stop_on_signals()
        async with instance_lock(self.folder, self.say) as lock:
            self._check_machine()
            self._make_network()
            async with self._database() as (url, group):
                key = await self._migrate(url)
                nursery = self._nursery(url, group, lock)
                with noted_database(self.folder, url):
                    try:
                        await self._start(nursery)
                        await self._watch(nursery, stopping, key)
                    finally:
                        self.say("stopping …")
                        for names, timeout_s in STOP_ORDER:
                            await nursery.end(names, timeout_s)
        self.say(f"stopped; the data stays in {self.folder}")

    def _check_machine(self) -> None:
        """What would fail later, said now."""
        free_mb = shutil.disk_usage(self.folder).free // 2**20
        if free_mb < self.settings.data.free_mb_min:
            raise ConfigError(
                f"data folder {self.folder}: {free_mb} MB free, at least {self.settings.data.free_mb_min} MB are needed"
            )
        ports = [("api", self.settings.api.host, self.settings.api.port)]
        ports.append(("portal", self.settings.portal.host, self.settings.portal.port))
        if self.settings.broker.url == EMBEDDED:
            ports.append(("broker", "127.0.0.1", self.settings.broker.port))
        for group, host, port in ports:
            try:
                listen(host, port).close()
            except ConfigError as error:
                raise ConfigError(
                    f"port {port} ({group}.port) on {host} cannot be used: {error.__cause__}; "
                    f"stop what uses it, or choose another with SNOWTRACK_{group.upper()}_PORT"
                ) from error

    def _make_network(self) -> None:
        folder = self.settings.network_folder
        if self.settings.network.folder is None:
            if is_outdated(folder):
                shutil.rmtree(folder)  # our own drawing, made anew
            if not folder.exists():
                write_network(sample_network(self.settings.network.sample_seed), folder)
        network = open_network(folder)
        self.say(f"roads      {network.name}, {len(network):,} segments")

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[tuple[str, int]]:
        """The database's URL, and the process group that the children join (0: one of their own)."""
        database = self.settings.database
        if database.url != EMBEDDED:
            self.say(f"database   {describe(database.url)}")
            yield database.url, 0
            return
        server = EmbeddedServer(instance_folder=self.folder / "database", run_as=database.run_as).start(0)
        self.say("database   embedded PostgreSQL")
        try:
            yield server.url, server.process.pid
        finally:
            server.stop(DATABASE_STOP_S)

    async def _migrate(self, url: str) -> str:
        """Tables, who is let in first, and a key of our own to the figures."""
        async with connect(url, name="up") as connection:
            applied = await migrate(connection)
            self.say(f"schema     {len(applied)} migrations applied" if applied else "schema     up to date")
            with store_errors("cannot let anybody in"):
                async with connection.transaction():
                    self.invitation = await invite_first(connection, self.settings)
                    return await key_of_up(connection)

    def _nursery(self, url: str, group: int, lock: int) -> Nursery:
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        resolved = self.settings.model_copy(
            update={
                "data": self.settings.data.model_copy(update={"folder": self.folder}),
                "database": self.settings.database.model_copy(update={"url": url}),
            }
        )
        # Not among the arguments, where every user of the machine could read its password.
        simulator = {"PLOUGHSIM_BROKER": self.settings.broker_url}
        environment = {**as_environment(resolved), **simulator}
        return Nursery(logs=logs, environment=environment, lock=lock, group=group, children=[])

    async def _start(self, nursery: Nursery) -> None:
        ours = (sys.executable, "-m", "snowtrack")
        if self.settings.broker.url == EMBEDDED:
            await nursery.start("broker", (*ours, "broker"))
        self.say(f"broker     {self.settings.broker_address}")
        if self.demo.ploughs:
            await self._register(nursery)
        await asyncio.gather(
            nursery.start("ingest", (*ours, "ingest"), self._account(nursery, Role.INGEST)),
            nursery.start("fold", (*ours, "fold"), self._account(nursery, Role.FOLD)),
            nursery.start("api", (*ours, "serve"), self._account(nursery, Role.API)),
            nursery.start("portal", self._portal()),
        )
        self.say("services   ingest, fold, API and residents' portal are ready")
        if self.demo.ploughs:
            state = ("--state", str(self.folder / "simulator"), "--stop-with-parent")
            await nursery.start("simulator", self._of_simulator("run", *state), says_ready=False)
            self.say(f"simulator  {self.demo.ploughs} ploughs work a snow night")
        api, portal = self.settings.api.url, self.settings.portal.url
        self.say(f"\n  map        {api}/\n  API docs   {api}/docs.html\n  residents  {portal}/\n")
        if self.invitation is not None:
            self.say(
                f"To see the map, choose a password for the account {FIRST_ACCOUNT} here, once:\n  {self.invitation}\n"
            )
        self.say("Ctrl-C stops everything.")

    async def _register(self, nursery: Nursery) -> None:
        """The simulated machines and sensors are known to the registry, like any others; else nothing is credited."""
        files = self.folder / "fleet"
        made = await asyncio.create_subprocess_exec(
            *self._of_simulator("fleet", "--out", str(files)), stdout=DEVNULL, stderr=PIPE
        )
        try:
            _, said = await made.communicate()
        finally:
            with suppress(ProcessLookupError):
                made.kill()
        if made.returncode:
            raise ChildError(f"plough-sim fleet: {said.decode(errors='replace').strip()}")
        sheets, problems = read_files([files])
        async with connect(nursery.environment[DATABASE_URL], name="up") as connection:
            with store_errors("cannot register the simulated fleet"):
                intake = await take_in(connection, sheets, now_us=wall_clock.now_us())
        if wrong := [*problems, *intake.problems]:
            raise ChildError(f"the simulated fleet cannot be registered: {wrong[0]}")
        self.say(f"registry   {self.demo.ploughs} simulated ploughs")

    def _account(self, nursery: Nursery, role: Role) -> Mapping[str, str]:
        """A service's own way into the embedded database; elsewhere all come as the settings say."""
        if self.settings.database.url != EMBEDDED:
            return {}
        return {DATABASE_URL: as_role(nursery.environment[DATABASE_URL], role)}

    def _portal(self) -> tuple[str, ...]:
        portal = self.settings.portal
        where = ("--api", self.settings.api.url, "--host", portal.host, "--port", str(portal.port))
        return (sys.executable, "-m", "portal_bridge", *where)

    def _of_simulator(self, command: str, *options: str) -> tuple[str, ...]:
        program = Path(sys.executable).with_name("plough-sim")
        if not program.exists():
            raise ConfigError("the simulator is not installed beside snowtrack; run 'make setup'")
        where = ("--network", str(self.settings.network_folder.absolute()), "--ploughs", str(self.demo.ploughs))
        return (str(program), command, "demo", *where, *options)

    async def _watch(self, nursery: Nursery, stopping: asyncio.Event, key: str) -> None:
        """Tell the figures now and then; ends when told to, when the time is over, or when a child ends."""
        over = asyncio.get_running_loop().time() + (self.demo.seconds or float("inf"))
        fallen = asyncio.create_task(nursery.first_to_end())
        async with httpx.AsyncClient(
            base_url=self.settings.api.url, headers={"authorization": f"Bearer {key}"}, timeout=REPORT_S
        ) as client:
            while not fallen.done():
                left_s = over - asyncio.get_running_loop().time()
                if left_s <= 0 or await stopped_within(stopping, min(REPORT_S, left_s)):
                    fallen.cancel()
                    return
                await self._tell(client)
        child = fallen.result()
        raise ChildError(f"{child.name} ended by itself: {child.last_words()}; see {child.log_path}")

    async def _tell(self, client: httpx.AsyncClient) -> None:
        try:
            summary = (await client.get("/v1/summary")).raise_for_status().json()
        except httpx.HTTPError as error:
            self.say(f"the API does not answer: {type(error).__name__}")
            return
        labels, fresh = summary["segments"]["by_label"], summary["freshness_ms"]["p99"]
        machines, cleared = summary["machines"], labels["done"] + labels["aged"]
        self.say(
            f"{summary['fixes']['per_s']:7.0f} fixes/s  "
            f"{machines['working']:3d} of {machines['known']} ploughs at work  "
            f"{cleared:5d} of {summary['segments']['total']} segments cleared  "
            f"freshness p99 {'-' if fresh is None else f'{fresh:.0f} ms'}"
        )

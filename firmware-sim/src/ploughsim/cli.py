"""The command `plough-sim`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ploughsim.errors import PloughSimError, ScenarioError

_HOME = Path(".ploughsim")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A snow night: ploughs, receivers, trackers, radio.")


@app.command()
def run(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="A TOML file, or the name of a scenario that comes along.")],
    *,
    broker: Annotated[
        str | None, typer.Option(help="mqtt://[user:password@]host[:port] or mqtts://…", envvar="PLOUGHSIM_BROKER")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Write the night into this file instead, as fast as it goes.")] = None,
    network: Annotated[
        Path | None, typer.Option(help="Folder of the road network; made from the scenario where there is none.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Folder of the trackers' memory and of the night.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Write the truth into this folder.")] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder of the trackers' certificates, AGENCY.DEVICE/{ca,certificate,key}.pem.")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="How many times faster than real time.")] = None,
    hours: Annotated[float | None, typer.Option(help="How long the night is; 0: until stopped.")] = None,
    ploughs: Annotated[int | None, typer.Option(help="Number of ploughs.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another night.")] = None,
    stop_with_parent: Annotated[
        bool, typer.Option("--stop-with-parent", envvar="PLOUGHSIM_STOP_WITH_PARENT", help="Stop when the parent ends.")
    ] = False,
) -> None:
    """Let a night pass: against a broker until stopped, or into a file."""
    from ploughsim.running.address import parse_broker
    from ploughsim.running.against_broker import follow_parent, run_against_broker
    from ploughsim.running.fleet import Places
    from ploughsim.running.progress import FileProgress
    from ploughsim.running.to_file import write_night
    from ploughsim.scenario import adjust, load_scenario

    with _told(state or to):
        source = context.get_parameter_source("broker")
        if to is not None and source is not None and source.name == "ENVIRONMENT":
            broker = None
        if (to is None) == (broker is None):
            raise ScenarioError("give --broker URL or --to FILE, one of them")
        if to is not None and (speed, state, certificates) != (None, None, None):
            raise ScenarioError("--speed, --state and --certificates are for a broker; leave them out with --to")
        if stop_with_parent:
            follow_parent()
        night = adjust(load_scenario(scenario), "night", {"speed": speed, "hours": hours, "seed": seed})
        night = adjust(night, "fleet", {"machines": ploughs})
        made = night.network
        home = _HOME / night.night.name
        roads = network or home / f"network-{made.kind}-{made.segments}-{made.seed}"
        if to is not None:
            # So that nothing half-written is left.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
            begins_ms = night.night.date_ms
            write_night(night, roads, to, truth, FileProgress(begins_ms, begins_ms + night.night.lasts_ms))
        elif broker is not None:
            address = parse_broker(broker, certificates=certificates)
            run_against_broker(night, address, Places(network=roads, state=state or home / "state", truth=truth))


@app.command()
def network(
    scenario: Annotated[str, typer.Argument(help="A TOML file, or the name of a scenario that comes along.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder to be made.")],
    segments: Annotated[int | None, typer.Option(help="About so many segments.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another network.")] = None,
) -> None:
    """Make the road network of a scenario, as snowtrack reads it."""
    from ploughsim.roads.made import make_network
    from ploughsim.roads.read import read_network
    from ploughsim.scenario import adjust, load_scenario

    with _told(out):
        made = adjust(load_scenario(scenario), "network", {"segments": segments, "seed": seed}).network
        make_network(made, out)
        print(f"{out}: {len(read_network(out)):,} segments")


@app.command()
def fleet(
    scenario: Annotated[str, typer.Argument(help="A TOML file, or the name of a scenario that comes along.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    network: Annotated[
        Path | None, typer.Option(help="Folder of the road network; made from the scenario where there is none.")
    ] = None,
    ploughs: Annotated[int | None, typer.Option(help="Number of ploughs.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another night.")] = None,
) -> None:
    """Write the machines and trackers of a scenario as snowtrack fleet import reads them."""
    from ploughsim.registry import write_registry
    from ploughsim.scenario import adjust, load_scenario

    with _told(out):
        night = adjust(adjust(load_scenario(scenario), "night", {"seed": seed}), "fleet", {"machines": ploughs})
        made = night.network
        roads = network or _HOME / night.night.name / f"network-{made.kind}-{made.segments}-{made.seed}"
        counts = write_registry(night, roads, out)
        print(f"{out}: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")


@app.command()
def score(
    *,
    truth: Annotated[Path, typer.Option(help="Folder of the truth, as a run wrote it.")],
    api: Annotated[
        str | None,
        typer.Option(help="http://host[:port] of the engine, for its reports; its key stands in PLOUGHSIM_API_KEY."),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="postgresql://… of the engine.", envvar="PLOUGHSIM_DATABASE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Hold what an engine has of a night against the truth."""
    import orjson

    from ploughsim.score.score import print_score
    from ploughsim.score.score import score as score_night

    with _told(truth):
        scored = score_night(truth, api=api, database=database)
        if as_json:
            print(orjson.dumps(scored, option=orjson.OPT_INDENT_2).decode())
        else:
            print_score(scored)


@app.command()
def scenarios() -> None:
    """List the scenarios that come along."""
    from ploughsim.scenario import shipped

    for name, words in shipped():
        print(f"{name:20s} {words}")


def main() -> None:
    app()


@contextmanager
def _told(place: Path | None) -> Iterator[None]:
    """Errors as one line: 2 for wrong input, 1 when the disk fails."""
    try:
        yield
    except PloughSimError as error:
        _fail(str(error), code=2)
    except BrokenPipeError:
        # Whoever read has enough; what the interpreter would still write goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        _fail(f"{error.filename or place}: {error.strerror}", code=1)


def _fail(message: str, *, code: int) -> None:
    print(f"plough-sim: {message}", file=sys.stderr)
    raise typer.Exit(code)

"""`snowtrack roads`: road networks."""

from pathlib import Path
from typing import Annotated

import typer

from snowtrack.cli.options import Json, Network

roads = typer.Typer(no_args_is_help=True, help="Road networks.")


@roads.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder to make.")],
    seed: Annotated[int, typer.Option(help="Another number is another town.")] = 1,
) -> None:
    """Make the sample town."""
    from snowtrack.roads.files import write_network
    from snowtrack.roads.sample import sample_network

    network = sample_network(seed)
    write_network(network, out)
    print(f"{out}: {len(network):,} segments, network {network.network_id}")


@roads.command(name="import")
def import_(
    sources: Annotated[list[Path], typer.Argument(help="OSM PBF, GeoPackage, Shapefile, GeoJSON …", metavar="SOURCE…")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make.")],
    bbox: Annotated[
        str | None, typer.Option(help="Only roads that touch it: west,south,east,north in degrees.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="What the columns of the source mean (config/roads/).")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Reference system, where the source says none or a wrong one.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer, where the source has several.")] = None,
    grid: Annotated[Path | None, typer.Option(help="Grid file of the datum, such as TKY2JGD as .gsb or .tif.")] = None,
    accept_accuracy: Annotated[bool, typer.Option(help="Take positions that are worse than a metre, too.")] = False,
    previous: Annotated[Path | None, typer.Option(help="Network whose ids go on where the roads do.")] = None,
) -> None:
    """Make a network of roads from files of OpenStreetMap or of lines."""
    from snowtrack.services.roads import Import, import_roads, read_box

    box = None
    if bbox is not None:
        box = read_box(bbox)
        if box is None:
            example = "expected west,south,east,north in degrees, such as 136.6,36.5,136.7,36.6"
            raise typer.BadParameter(example, param_hint="--bbox")
    import_roads(
        Import(
            sources=sources,
            out=out,
            bbox=box,
            mapping=mapping,
            crs=crs,
            layer=layer,
            grid=grid,
            accept_accuracy=accept_accuracy,
            previous=previous,
        )
    )


@roads.command()
def info(folder: Network, json: Json = False) -> None:
    """Say what a network folder holds."""
    from snowtrack.services.network_view import show_network

    show_network(folder, as_json=json)


@roads.command()
def check(folder: Network, json: Json = False) -> None:
    """Look for damage, for broken promises of the format, and for what is odd about the roads."""
    from snowtrack.services.network_view import check_network_folder

    if not check_network_folder(folder, as_json=json):
        raise typer.Exit(1)


@roads.command()
def export(
    folder: Network,
    out: Annotated[Path, typer.Option("--out", help="File to write: .geojson, .gpkg, .csv, or .pmtiles.")],
) -> None:
    """Write the segments for other programs."""
    from snowtrack.roads.files import open_network
    from snowtrack.roads.tables import export as export_segments
    from snowtrack.services.tile_archive import export_tiles

    if out.suffix.lower() == ".pmtiles":
        export_tiles(open_network(folder), out)
    else:
        export_segments(open_network(folder), out)


@roads.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Network folder.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="Network folder.", metavar="NEW")],
    json: Json = False,
) -> None:
    """Say what became of the roads from one network to the next."""
    from snowtrack.services.network_diff import show_difference

    show_difference(old, new, as_json=json)

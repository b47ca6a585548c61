"""`python -m portal_bridge`: serve the residents' page."""

import asyncio
import sys
from typing import Annotated

import typer

from portal_bridge.app import create_app
from portal_bridge.cut_words import CutWords
from portal_bridge.source import Source, source_client
from snowtrack.model.errors import SnowtrackError
from snowtrack.serving import have_room_for_streams, listen, serve_until_stopped
from snowtrack.supervised import end_with_parent, is_supervised


def run(
    api: Annotated[str, typer.Option(help="Where snowtrack answers.")] = "http://127.0.0.1:8080",
    host: Annotated[str, typer.Option(help="Interface to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8_081,
    readers_max: Annotated[int, typer.Option(help="How many may listen for new cuts at once.", min=1)] = 10_000,
    of_one_max: Annotated[int, typer.Option(help="How many of them from one address.", min=1)] = 100,
) -> None:
    """Serve the residents' page, and pass on to it what snowtrack has for the public."""
    if is_supervised():
        end_with_parent()
    try:
        asyncio.run(_serve(api, (host, port), readers_max, of_one_max))
    except SnowtrackError as error:
        print(f"portal: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


async def _serve(api: str, where: tuple[str, int], readers_max: int, of_one_max: int) -> None:
    have_room_for_streams()
    with listen(*where) as listener:
        async with source_client(api) as client:
            source = Source(client)
            words = CutWords(client=client, on_new=source.begin_cut, readers_max=readers_max, of_one_max=of_one_max)
            app = create_app(source, words)
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(words.follow())
                await serve_until_stopped(app, listener)
                following.cancel()


if __name__ == "__main__":
    typer.run(run)

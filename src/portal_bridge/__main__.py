"""`python -m portal_bridge`: serve the residents' page."""

import asyncio
import sys
from typing import Annotated

import httpx
import typer

from portal_bridge.app import create_app
from portal_bridge.public_view import TIMEOUT_S, ViewReader
from snowtrack.model.errors import SnowtrackError
from snowtrack.serving import listen, serve_until_stopped
from snowtrack.supervised import end_with_parent, is_supervised


def run(
    api: Annotated[str, typer.Option(help="Where snowtrack answers.")] = "http://127.0.0.1:8080",
    host: Annotated[str, typer.Option(help="Interface to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8_081,
) -> None:
    """Serve the residents' page, made from the public view of a snowtrack."""
    if is_supervised():
        end_with_parent()
    try:
        asyncio.run(_serve(api, host, port))
    except SnowtrackError as error:
        print(f"portal: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


async def _serve(api: str, host: str, port: int) -> None:
    with listen(host, port) as listener:
        async with httpx.AsyncClient(base_url=api, timeout=TIMEOUT_S) as client:
            await serve_until_stopped(create_app(ViewReader(client)), listener)


if __name__ == "__main__":
    typer.run(run)

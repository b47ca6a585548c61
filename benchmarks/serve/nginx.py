"""How many tiles a second go out that are ready: from our API, and as files from nginx, both asked by wrk.

Tiles of all sizes in turn, sixteen connections, one thread of wrk, one process of each server: the same bytes, encoded
alike, under the same paths.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.serve.postgis import install_packages
from benchmarks.serve.started import free_port, started
from benchmarks.serve.tiles import Tile, path_of
from benchmarks.serve.visitor import Answer, Visitor

PACKAGES = ("nginx-light", "wrk")
NGINX = Path("/usr/sbin/nginx")
CONNECTIONS, WARM_S, ASKED_S = 16, 2, 10
WAIT_S_MAX = 60
RATE = re.compile(r"(\d+) requests in .*, ([0-9.]+)([KMG]?)B read\nRequests/sec:\s+([0-9.]+)")
"""Where something went wrong, a line stands between the two."""
SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
# wrk rounds what it has read.
ROUNDING = 0.98
CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 60s;
  types {{ }}
  default_type application/vnd.mapbox-vector-tile;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    {encoding}
  }}
}}
"""
SCRIPT = """
local paths = {{ {paths} }}
local requests, at = {{}}, 0
init = function(args)
  for place, path in ipairs(paths) do
    requests[place] = wrk.format("GET", path, {{ ["Accept-Encoding"] = "gzip" }})
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
"""


class Rates(NamedTuple):
    """Requests a second, and how large a tile is in the mean."""

    ours: float
    nginx: float
    tile_kb: float


def ask_ready(port: int, tiles: list[Tile]) -> Rates | None:
    """Nothing, where nginx or wrk could not be had."""
    if not install_packages(*PACKAGES):
        return None
    with Visitor(port) as visitor:
        asked = {path_of(tile.key): visitor.ask(path_of(tile.key)) for tile in tiles}
    # nginx has no files that say that there is nothing.
    answers = {path: answer for path, answer in asked.items() if answer.wire}
    with TemporaryDirectory() as there:
        folder = Path(there)
        script = folder / "ask.lua"
        script.write_text(SCRIPT.format(paths=", ".join(f'"{path}"' for path in answers)))
        tile_bytes = mean(len(answer.wire) for answer in answers.values())
        ours = _rate(port, script, tile_bytes)
        with _running(folder, answers) as nginx:
            theirs = _rate(nginx, script, tile_bytes)
    return Rates(ours, theirs, tile_bytes / 1_000)


@contextmanager
def _running(folder: Path, answers: dict[str, Answer]) -> Iterator[int]:
    """nginx with the answers as files."""
    (encoding,) = {answer.encoding for answer in answers.values()}
    for path, answer in answers.items():
        file = folder / "files" / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.wire)
    port = free_port()
    said = f"add_header content-encoding {encoding};" if encoding else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, encoding=said))
    popen = subprocess.Popen(  # noqa: S603 - Debian's
        [str(NGINX), "-p", str(folder), "-e", "stderr", "-c", str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with started(popen, folder / "nginx.log", b"start worker process "):
        with Visitor(port) as visitor:
            for path, answer in answers.items():
                if visitor.ask(path)[1:3] != answer[1:3]:
                    raise RuntimeError(f"nginx says something else under {path}")
        yield port


def _rate(port: int, script: Path, tile_bytes: float) -> float:
    """After a while in which nothing is counted."""
    _wrk(port, script, WARM_S)
    return rate_of(_wrk(port, script, ASKED_S), tile_bytes)


def rate_of(said: str, tile_bytes: float) -> float:
    """Requests a second as wrk says them, where all were answered, and with whole tiles."""
    found = RATE.search(said)
    if found is None:
        raise RuntimeError(f"wrk: {said}")
    requests, amount, unit, per_s = found.groups()
    if float(amount) * SIZES[unit] < ROUNDING * tile_bytes * int(requests):
        raise RuntimeError(f"these were not all whole tiles of {tile_bytes:,.0f} bytes: {said}")
    return float(per_s)


def _wrk(port: int, script: Path, seconds: int) -> str:
    program = shutil.which("wrk") or "wrk"
    options = ("-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "-s", str(script))
    done = subprocess.run(  # noqa: S603 - Debian's
        [program, *options, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True, timeout=WAIT_S_MAX
    )
    return done.stdout

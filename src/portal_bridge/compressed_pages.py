"""The built pages, compressed once: most of what a phone loads is the program that draws the map."""

from gzip import compress
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
INDEX = "/index.html"


class CompressedPages:
    """Answers for files of a folder where the reader takes them compressed; everything else is for the application."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        files = [file for file in folder.rglob("*") if file.suffix in MEDIA_TYPES]
        self.pages = {f"/{file.relative_to(folder).as_posix()}": _page(file) for file in files}
        if INDEX in self.pages:
            self.pages["/"] = self.pages[INDEX]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._found(scope) or self.app)(scope, receive, send)

    def _found(self, scope: Scope) -> Response | None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        asked = dict(scope["headers"])
        page = self.pages.get(scope["path"]) if b"gzip" in asked.get(b"accept-encoding", b"") else None
        if page is None or asked.get(b"if-none-match", b"").decode("latin-1") != page.headers["etag"]:
            return page
        return Response(status_code=304, headers={name: page.headers[name] for name in ("etag", "vary")})


def _page(file: Path) -> Response:
    content = file.read_bytes()
    headers = {
        "content-encoding": "gzip",
        "vary": "accept-encoding",
        "etag": f'"{sha256(content).hexdigest()[:32]}-gzip"',
    }
    return Response(compress(content, mtime=0), media_type=MEDIA_TYPES[file.suffix], headers=headers)

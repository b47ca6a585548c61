"""The house rules that can be read off the source: what the core must not do, and what no module does.

`faults` gives one sentence per fault, with the place; a file without faults gives none.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

CORE = (
    "model",
    "nmea",
    "tracks",
    "network",
    "matching",
    "passes",
    "clearance",
    "snow",
    "indicators",
    "pipeline",
    "tiles",
    "reports",
)
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# Clocks, chance, files, sockets and the environment are the shell's.
# fmt: off
SHELL_MODULES = {
    "asyncio", "socket", "ssl", "select", "selectors", "os", "pathlib", "shutil", "tempfile", "subprocess",
    "threading", "multiprocessing", "concurrent", "signal", "random", "secrets", "uuid", "time", "logging",
    "urllib", "http", "sqlite3", "psycopg", "aiomqtt", "anyio", "structlog", "fastapi", "starlette", "httpx",
}
# fmt: on
SHELL_CALLS = {
    "open",
    "input",
    "print",
    "now",
    "utcnow",
    "today",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
}
ARRAY_FILES = {"load", "save", "savez", "memmap", "fromfile", "tofile", "genfromtxt", "loadtxt", "savetxt", "random"}
QUEUES = {"Queue", "LifoQueue", "PriorityQueue"}
COMPILERS = {"compiled", "part"}
# Numbers that never change, whatever compiled code is made of them.
STEADY = {"numpy", "math", "ploughsim.chance"}
PORTAL_MAY_IMPORT = {"snowtrack.serving", "snowtrack.supervised", "snowtrack.model.errors"}


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: its place under the source folder, `snowtrack/nmea/decode.py`, and its text."""

    path: str
    text: str

    @property
    def parts(self) -> list[str]:
        return self.path.removesuffix(".py").split("/")

    @property
    def is_core(self) -> bool:
        return self.parts[0] == "snowtrack" and len(self.parts) > 2 and self.parts[1] in CORE

    @property
    def is_service(self) -> bool:
        return self.parts[:2] == ["snowtrack", "services"]


def faults(module: Module) -> list[str]:
    """Everything in a module that is against the house rules."""
    tree = ast.parse(module.text)
    found = [*_shape(module, tree), *_queues(tree), *_compiled(tree)]
    if not module.is_service:
        found += _broad_handlers(tree)
    if module.is_core:
        found += _core(tree)
    if module.parts[0] == "portal_bridge":
        found += _portal(tree)
    return [f"{module.path}:{line}: {what}" for line, what in sorted(found)]


def _shape(module: Module, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lines = module.text.count("\n")
    if lines >= FILE_LINES_MAX:
        yield 1, f"{lines} lines; a file has less than {FILE_LINES_MAX}"
    if VAGUE_NAMES & set(module.parts):
        yield 1, "a name that says nothing; name it after what it owns"
    if tree.body and ast.get_docstring(tree) is None:
        yield 1, "a module says in its docstring what it owns"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines >= FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines; a function has less than {FUNCTION_LINES_MAX}"


def _queues(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for call in _calls(tree):
        name = _name(call.func)
        given = {keyword.arg for keyword in call.keywords}
        if name == "SimpleQueue" or (name in QUEUES and not call.args and "maxsize" not in given):
            yield call.lineno, f"{name} without maxsize; every queue has a bound"
        if name == "deque" and len(call.args) < 2 and "maxlen" not in given:
            yield call.lineno, "deque without maxlen; every queue has a bound"
        factory = next((k.value for k in call.keywords if k.arg == "default_factory"), None)
        if factory is not None and _name(factory) in QUEUES | {"deque", "SimpleQueue"}:
            yield call.lineno, f"{_name(factory)} as a default without a bound; every queue has a bound"


def _broad_handlers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Tidying up and raising again is allowed."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(one is None or _name(one) in ("Exception", "BaseException") for one in caught)
        last = node.body[-1]
        if broad and not (isinstance(last, ast.Raise) and last.exc is None):
            yield node.lineno, "catches everything; only a service's outermost loop may"


def _core(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, imported in _imports(tree):
        if imported.split(".")[0] in SHELL_MODULES:
            yield line, f"imports {imported}; the core reads no clock, file, socket, chance or environment"
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "awaits; the core is synchronous"
        if isinstance(node, ast.Attribute) and _name(node.value) in ("np", "numpy") and node.attr in ARRAY_FILES:
            yield node.lineno, f"uses numpy.{node.attr}; the core reads no file and no chance"
        if isinstance(node, ast.Call) and _name(node.func) in SHELL_CALLS:
            yield node.lineno, f"calls {_name(node.func)}(); the core reads no clock and no file"


def _compiled(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Machine code is kept by the content of its own file: what it takes from others must be nothing that changes."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _is_compiled(node)]
    if not functions:
        return
    steady, types = {*dir(builtins), *_defined(tree)}, set[str]()
    for line, module, name in _imported_names(tree):
        if module in STEADY or (module.startswith("snowtrack.model") and name[0].isupper()):
            steady.add(name)
        elif module.split(".")[0] in ("snowtrack", "ploughsim", "") and not module.endswith(".compiled"):
            types.add(name)
            if not name[0].isupper() or name.isupper():
                yield (
                    line,
                    f"imports {name} beside compiled functions; of other files they know only types and the model",
                )
    annotations = {id(name) for annotation in _annotations(tree) for name in ast.walk(annotation)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in types and id(node) not in annotations:
            yield node.lineno, f"uses {node.id} of another file beside compiled functions; it may be a type, no more"
    for function in functions:
        own = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        names = [node for part in function.body for node in ast.walk(part) if isinstance(node, ast.Name)]
        own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
        for node in names:
            if node.id not in own | steady | types and id(node) not in annotations:
                yield node.lineno, f"{function.name} is compiled and uses {node.id}, which its file does not define"


def _is_compiled(function: ast.FunctionDef) -> bool:
    return any(_name(decorator) in COMPILERS for decorator in function.decorator_list)


def _defined(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from (
                name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            )


def _imported_names(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, module, and the name by which something of it is known here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, alias.asname or alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "" if node.level else node.module or ""
            yield from ((node.lineno, module, alias.asname or alias.name) for alias in node.names)


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield node.returns
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation


def _portal(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, imported in _imports(tree):
        if imported.split(".")[0] == "snowtrack" and imported not in PORTAL_MAY_IMPORT:
            yield line, f"imports {imported}; the portal reads snowtrack over its API only"


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(node: ast.expr) -> str:
    """The last part of a name: `Queue` of `asyncio.Queue`, also where a type stands in brackets behind it."""
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

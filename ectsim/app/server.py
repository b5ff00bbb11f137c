"""Voila with ectsim's template and settings: what ``ectsim dashboard`` runs.

The settings are those that were tried and measured: no request leaves the machine, kernels are
started ahead of the visitor, the number of kernels has a limit, and a page says when its session
has ended. On loopback there is no token; anywhere else, and behind a proxy, there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import tornado.httpserver
import tornado.httputil
import tornado.ioloop
import tornado.netutil
import tornado.web
import traitlets
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_path
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from platformdirs import user_cache_path
from traitlets.config import Config
from voila.app import Voila

from ectsim.errors import InputError, near
from ectsim.service import LogFile, ServiceProcess
from ectsim.share import dashboards_dir, template_dir

__all__ = ["cards", "serve"]

PORT = 8866
"""The port that is tried first, so that a bookmark stays good."""

_CONTENT = (
    "default-src 'self'; "
    # Voila writes its page's set-up inline, RequireJS evaluates, widgets come as blobs.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; "
    "worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

_HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

POST_LIMIT = 100_000
"""Largest body of an HTTP request, in bytes: files come over the websocket, only a token is posted."""

MESSAGE_LIMIT = 16_000_000
"""Largest message of a websocket, in bytes: a piece of an upload is far below it."""

TOKEN_VARIABLE = "ECTSIM_TOKEN"
"""Environment variable with the token, where it shall outlive a restart."""

_log = logging.getLogger(__name__)


class Guarded(tornado.web.OutputTransform):
    """Puts the headers that protect a page on every reply, also on files and errors."""

    def __init__(self, request: tornado.httputil.HTTPServerRequest) -> None:
        """Take every request alike."""

    def transform_first_chunk(
        self, status_code: int, headers: tornado.httputil.HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, tornado.httputil.HTTPHeaders, bytes]:
        """Add the headers, and say nothing of the server's version."""
        headers.update(_HEADERS)
        headers.pop("Server", None)
        return status_code, headers, chunk


class Stop:
    """Ends the server on Ctrl+C, a service manager's word or a closed terminal.

    A KeyboardInterrupt may strike anywhere in a loop that serves thirty pages, and each task in its way
    prints a traceback. So nothing is raised: the loop is told to end.
    """

    def __init__(self) -> None:
        self.said = False
        self._end: Callable[[], None] | None = None

    def __call__(self, *_: object) -> None:
        """Say that it is time."""
        self.said = True
        if self._end is not None:
            self._end()

    def listen(self) -> None:
        """Take over the signals, but those that whoever started us wants ignored."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            with contextlib.suppress(ValueError):  # only the main thread may
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, self)

    def run(self, loop: tornado.ioloop.IOLoop) -> None:
        """Run a loop until it is time."""
        self._end = lambda: loop.add_callback_from_signal(loop.stop)
        if not self.said:
            loop.start()
        self._end = None


class Family:
    """The processes that were started since, with theirs: none of them outlives the server."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._others = set(self._own.children(recursive=True))
        self._seen: set[psutil.Process] = set()

    def note(self) -> None:
        """Remember who is there: a child whose parent has gone is found no more."""
        with contextlib.suppress(psutil.Error):
            self._seen |= set(self._own.children(recursive=True)) - self._others

    def end(self) -> None:
        """Kill who has not ended by itself."""
        self.note()
        for process in self._seen:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(self._seen, timeout=1)


class Kernels(AsyncMappingKernelManager):
    """Kernels up to a limit; one more visitor gets a friendly page instead of a slow machine."""

    most = traitlets.Integer(12, help="Kernels at once, those that still start included").tag(
        config=True
    )
    output = traitlets.Unicode("", help="File for what kernels print").tag(config=True)
    grace = traitlets.Float(
        30.0, help="Seconds that a kernel waits for its page to come back after the page has gone"
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        self._claimed: set[str] = set()
        self._left: set[str] = set()
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Forget kernels started ahead in vain; Voila would serve the failure to a visitor."""
        super().__init_subclass__(**kwargs)
        size = getattr(cls, "get_pool_size", None)
        if size is None:
            return

        def get_pool_size(self: Any, notebook: str) -> Any:
            pool = getattr(self, "_pools", {}).get(notebook, [])
            for task in [task for task in pool if _failed(task)]:
                pool.remove(task)
            return size(self, notebook)

        cls.get_pool_size = get_pool_size  # type: ignore[attr-defined]

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has come, perhaps back."""
        super().notify_connect(kernel_id)  # type: ignore[no-untyped-call]
        self._left.discard(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """End a kernel some time after its last page has gone.

        A browser that is closed at once, or reloads, does not always say goodbye; its kernel would
        keep a place until it is culled.
        """
        super().notify_disconnect(kernel_id)  # type: ignore[no-untyped-call]
        if kernel_id in self and not self._kernel_connections.get(kernel_id):
            self._left.add(kernel_id)
            loop = asyncio.get_running_loop()
            loop.call_later(self.grace, lambda: loop.create_task(self._give_up(kernel_id)))

    async def _give_up(self, kernel_id: str) -> None:
        if kernel_id not in self._left:
            return
        self._left.discard(kernel_id)
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel if there is room; pages that have gone make room at once.

        Raises
        ------
        tornado.web.HTTPError
            503 if there is none.
        """
        if self._full():
            for kernel_id in tuple(self._left):
                await self._give_up(kernel_id)
        if self._full():
            raise tornado.web.HTTPError(503, "all kernels are in use")
        if kwargs.get("kernel_id") is None:
            kwargs["kernel_id"] = str(uuid.uuid4())
        claim = kwargs["kernel_id"]
        self._claimed.add(claim)
        try:
            if self.output:  # the terminal belongs to the address and to Ctrl+C
                with open(self.output, "ab") as file:
                    return await self._start(stdout=file, stderr=file, **kwargs)
            return await self._start(**kwargs)
        finally:
            self._claimed.discard(claim)

    def _full(self) -> bool:
        return len(self._claimed | set(self.list_kernel_ids())) >= self.most

    async def _start(self, **kwargs: Any) -> str:
        started: str = await super().start_kernel(**kwargs)
        return started


def _failed(task: Any) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


class OwnPython(KernelSpecManager):
    """Only the Python that runs the dashboard; a kernel of that name elsewhere may be another."""

    @traitlets.default("kernel_dirs")
    def _no_folders(self) -> list[str]:
        return []


class App(Voila):  # type: ignore[misc]
    """Voila on sockets that are already bound, with nobody else's configuration."""

    def __init__(self, sockets: Sequence[socket.socket], until: Stop, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sockets = list(sockets)
        self._until = until

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no file: the settings below are the ones that were tried."""

    @property
    def data_dir(self) -> str:
        """Voila's own data; our template's folder of the same name comes before it."""
        ours = template_dir().parents[1]
        for path in map(Path, jupyter_path("voila")):
            if path.is_dir() and path.resolve() != ours:
                return str(path.resolve())
        return str(Path(sys.prefix, "share/jupyter/voila"))

    def listen(self) -> None:
        """Serve until somebody says stop."""
        self.app.add_transform(Guarded)
        server = tornado.httpserver.HTTPServer(
            self.app, max_body_size=POST_LIMIT, body_timeout=30, idle_connection_timeout=300
        )
        server.add_sockets(self._sockets)
        self.ioloop = tornado.ioloop.IOLoop.current()
        self._until.run(self.ioloop)
        server.stop()
        self.stop()

    def stop(self) -> None:
        """Drop what is under way and kill the kernels: a page holds nothing that is worth a wait.

        Voila would ask each to end and would first wait for those that still start.
        """
        loop: asyncio.AbstractEventLoop = getattr(self.ioloop, "asyncio_loop")  # noqa: B009
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=0.3))
        for kernel in list(self.kernel_manager._kernels.values()):
            process = getattr(kernel.provisioner, "process", None)
            with contextlib.suppress(OSError):
                if process is not None:
                    process.kill()
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def cards(folder: Path) -> list[dict[str, object]]:
    """List the dashboards of a folder for the start page.

    A notebook's metadata says what stands on its card: ``title`` and
    ``ectsim = {"summary", "audience", "minutes", "order"}``.

    Parameters
    ----------
    folder : pathlib.Path
        Where the notebooks are.
    """
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        except (OSError, ValueError, KeyError):
            continue
        words = metadata.get("ectsim", {})
        found.append(
            {
                "path": path.name,
                "title": metadata.get("title", path.stem),
                "summary": words.get("summary", ""),
                "audience": words.get("audience", ""),
                "minutes": words.get("minutes", ""),
                "order": words.get("order", 99),
            }
        )
    return sorted(found, key=lambda card: (card["order"], card["title"]))


def serve(
    name: str = "coordinator",
    port: int | None = None,
    browser: bool = True,
    *,
    address: str = "127.0.0.1",
    visitors: int = 1,
    most: int | None = None,
    pause: int = 4 * 3600,
    base_url: str = "/",
    public: str = "",
    open_to_all: bool = False,
    folder: Path | None = None,
    handlers: Sequence[str] = ("ectsim.app.handlers", "ectsim.app.group_handlers"),
    preload: Sequence[str] = (),
    workers: int = 2,
    log: Path | None = None,
) -> int:
    """Open a dashboard and serve it until Ctrl+C.

    Parameters
    ----------
    name : str
        Which dashboard; empty: the start page.
    port : int, optional
        Where; by default 8866 or the next that is free.
    browser : bool
        Whether to open the visitor's browser.
    address : str
        The address to listen on; others than loopback get a token: that of the environment variable
        ``ECTSIM_TOKEN``, else a new one.
    visitors : int
        How many are expected at once; as many kernels are started ahead.
    most : int, optional
        How many kernels there may be at once; by default twice the visitors, at least 12.
    pause : int
        Seconds without a change after which a session is closed.
    base_url : str
        Prefix of all addresses.
    public : str
        Address under which a proxy shows the server, such as ``https://apps.example.org/coaching``:
        only pages asked for under that name are served, with a token, also on loopback.
    open_to_all : bool
        No token, because a proxy signs people in.
    folder : pathlib.Path, optional
        Where the dashboards are.
    handlers, preload, workers
        See :class:`ectsim.service.ServiceProcess`.
    log : pathlib.Path, optional
        Folder for logs; by default in the user's cache.

    Returns
    -------
    int
        0 when it was stopped.

    Raises
    ------
    ectsim.errors.InputError
        If there is no such dashboard, the port is taken, or the public address or the token cannot be.
    """
    folder = folder or dashboards_dir()
    known = [str(card["path"])[: -len(".ipynb")] for card in cards(folder)]
    if name and name not in known:
        raise InputError(f"no dashboard {name!r}", remedy=near(name, known))
    loopback = _is_loopback(address)
    outside = _public(public)
    token = _token(needed=bool(public) or not loopback, open_to_all=open_to_all)
    base_url = outside.path if public else base_url
    base_url = "/" + base_url.strip("/") + "/" if base_url.strip("/") else "/"
    if visitors > (most or visitors):
        raise InputError(
            f"{visitors} visitors are expected and {most} may come",
            where="--most",
            remedy="raise it",
        )
    until = Stop()
    until.listen()
    logs = log or user_cache_path("ectsim", appauthor=False) / "log"
    logs.mkdir(parents=True, exist_ok=True)
    sockets = _bind(address, port)
    bound = sockets[0].getsockname()[1]
    with contextlib.ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="ectsim-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        family = Family()
        stack.callback(family.end)
        service = stack.enter_context(
            ServiceProcess(handlers, workers=workers, preload=preload, log=logs / "service.log")
        )
        stack.enter_context(_environment({**_variables(scratch), **service.environment()}))
        config = _config(
            folder,
            name=name,
            base_url=base_url,
            names=[outside.hostname or ""] if public else [] if loopback else None,
            secure=outside.scheme == "https",
            visitors=visitors,
            most=most or max(12, 2 * visitors + 2),
            pause=pause,
            scratch=scratch,
        )
        app = App(sockets, until, config=config, port=bound, ip=address, token=token)
        app.initialize([])
        until.listen()  # Voila takes one of the signals
        _log_to(logs / "dashboard.log", app.log)
        shown = address if loopback else socket.gethostname()
        page = f"{base_url}voila/render/{name}.ipynb" if name else base_url
        url = f"http://{f'[{shown}]' if ':' in shown else shown}:{bound}{page}"
        if public:
            url = f"{outside.scheme}://{outside.netloc}{page}"
        if token:
            url += f"?token={token}"
        probe = f"http://{_reachable(address)}:{bound}{base_url}voila/static/voila.js"
        failed: list[str] = []

        def announce() -> None:
            try:
                _wait_for(probe)
                service.ready()
            except RuntimeError as error:
                failed.append(f"{error}; {logs / 'service.log'} says why")
                app.ioloop.add_callback(app.ioloop.stop)
                return
            if until.said:
                return
            print(f"The dashboard is open at {url}\nCtrl+C stops it.", flush=True)
            if browser:
                with contextlib.suppress(webbrowser.Error):
                    webbrowser.open(url)

        threading.Thread(target=announce, daemon=True, name="announce").start()
        app.start()
        family.note()
    if failed and not until.said:
        raise RuntimeError(failed[0])
    return 0


def _public(address: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(address)
        parts.port  # noqa: B018 - raises where it is no number
        good = not address or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        raise InputError(
            f"{address!r} is no address of a server",
            where="--public-url",
            remedy="give the whole address, such as https://apps.example.org/coaching",
        )
    return parts


def _token(*, needed: bool, open_to_all: bool) -> str:
    given = os.environ.get(TOKEN_VARIABLE, "")
    if given and (len(given) < 20 or not given.isascii() or not given.replace("-", "").replace("_", "").isalnum()):  # fmt: skip
        raise InputError(
            "the token is too short or holds other signs than letters, digits, - and _",
            where=TOKEN_VARIABLE,
            remedy="give 20 signs or more, such as `python -c 'import secrets; print(secrets.token_urlsafe())'` prints",
        )
    if open_to_all:
        return ""
    return given or (secrets.token_urlsafe(24) if needed else "")


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _reachable(address: str) -> str:
    if address in ("", "0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{address}]" if ":" in address else address


def _bind(address: str, port: int | None) -> list[socket.socket]:
    for candidate in [port] if port is not None else [*range(PORT, PORT + 20), 0]:
        try:
            return tornado.netutil.bind_sockets(candidate, address)
        except OSError:
            continue
    raise InputError(
        f"port {port} cannot be used on {address}",
        where="--port",
        remedy="leave it out, or choose another above 1024",
    )


def _variables(scratch: Path) -> dict[str, str]:
    """Return what kernels inherit: our template, and no file outside the scratch folder."""
    known = os.environ.get("JUPYTER_PATH")
    ours = str(template_dir().parents[2])
    variables = {
        "JUPYTER_PATH": os.pathsep.join([ours, *([known] if known else [])]),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        # A kernel that nobody debugs need not load the debugger's checks.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():  # a checkout need not be installed
        paths = os.environ.get("PYTHONPATH")
        variables["PYTHONPATH"] = os.pathsep.join([str(root), *([paths] if paths else [])])
    return variables


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _config(
    folder: Path,
    *,
    name: str,
    base_url: str,
    names: list[str] | None,
    secure: bool,
    visitors: int,
    most: int,
    pause: int,
    scratch: Path,
) -> Config:
    def page_config(config: dict[str, Any], *, notebook_path: str, **_: Any) -> dict[str, Any]:
        if not str(notebook_path).endswith(".ipynb"):
            config["ectsimCards"] = cards(folder)
        return config

    config = Config()
    config.Voila.root_dir = str(folder)
    config.Voila.base_url = base_url
    config.Voila.open_browser = False
    config.Voila.connection_dir_root = str(scratch)
    config.Voila.log_level = logging.WARNING
    settings: dict[str, Any] = {
        "headers": _HEADERS,
        "websocket_max_message_size": MESSAGE_LIMIT,
    }
    if names is not None:
        # Another name for this machine in the address bar is somebody else's page.
        settings["allow_remote_access"] = False
        settings["local_hostnames"] = ["localhost", "127.0.0.1", "::1", *names]
    if secure:
        config.IdentityProvider.secure_cookie = True
    config.Voila.tornado_settings = settings
    voila = config.VoilaConfiguration
    voila.template = "ectsim"
    voila.theme = "light"  # both modes are in our style sheet; the browser chooses
    voila.allow_template_override = "NO"
    voila.allow_theme_override = "NO"
    voila.classic_tree = True
    voila.file_allowlist = [r"(?!)"]  # nothing of the folder is public
    voila.extension_allowlist = [
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
        "anywidget",
    ]
    voila.multi_kernel_manager_class = Kernels
    voila.kernel_spec_manager_class = OwnPython
    voila.page_config_hook = page_config
    voila.preheat_kernel = visitors > 0
    # Voila would start as many ahead for every page: kernels that nobody uses, and a full house. The
    # page that was asked for is ready for all; without one, each page is ready for one visitor.
    voila.default_pool_size = 0 if name else min(visitors, 1)
    pools = {f"{name}.ipynb": {"pool_size": visitors}} if name else {}
    config.VoilaKernelManager.kernel_pools_config = {
        "default": {"pool_size": voila.default_pool_size, "kernel_env_variables": {}},
        **pools,
    }
    # When many kernels start at once a cell's output comes long after its reply. After four seconds
    # the executor would go on without it, and a visitor would get a page that never opens.
    config.VoilaExecutor.iopub_timeout = 300
    config.VoilaExecutor.raise_on_iopub_timeout = True
    # The next kernel is started ahead when the page of the last visitor has settled: earlier, it
    # would cost that page a second. With a crowd, wait until all have come.
    config.VoilaKernelManager.fill_delay = 10.0 if visitors < 5 else 120.0
    config.Kernels.most = most
    config.Kernels.output = str(scratch / "kernels.log")
    if sys.platform != "win32":
        config.KernelManager.transport = "ipc"  # sockets in a private folder, not open ports
    config.MappingKernelManager.cull_idle_timeout = pause
    config.MappingKernelManager.cull_interval = max(1, min(60, pause // 4))
    config.MappingKernelManager.cull_connected = True
    # A kernel that is started again knows nothing of its page: let it stay dead, and say so.
    config.KernelRestarter.restart_limit = 0
    config.KernelRestarter.time_to_dead = 1.0
    return config


def _log_to(place: Path, log: logging.Logger) -> None:
    handler = LogFile(place, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.setLevel(logging.WARNING)
    for logger in (log, *map(logging.getLogger, ("asyncio", "tornado", "ectsim"))):
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.propagate = False


def _wait_for(probe: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(240):
        try:
            with opener.open(probe, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the dashboard did not start within its time")

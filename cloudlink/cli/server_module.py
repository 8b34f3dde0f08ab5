"""Finds the `CloudRequests` of somebody's program, `module:client`, without letting it begin to answer.

Many such programs connect and run as soon as they are imported: the README's first one does. So while the program is
read, connections lead nowhere, and it ends where its server would start.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import click

from cloudlink import connection
from cloudlink.errors import ConnectionLost
from cloudlink.server import CloudRequests
from cloudlink.transport.base import Connector


class _ServerBegins(BaseException):
    """Ends the program at the place where its server would start; no `except Exception` of the program stops it."""


class _Nowhere:
    """A websocket that takes everything and never gets anything."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def send(self, text: str) -> None:
        """Forget the text."""

    def receive(self, timeout: float | None) -> str | None:
        """Wait."""
        if self._closed.wait(timeout):
            raise ConnectionLost("this connection leads nowhere")
        return None

    def close(self) -> None:
        """End the waiting."""
        self._closed.set()


def find_server(target: str) -> CloudRequests:
    """Run a program up to where its server starts, and return the server.

    Args:
        target: `module:client`, or `folder/file.py:client`; `client` may have dots.

    Raises:
        click.ClickException: there is no such module, it fails, or it has no `CloudRequests` of that name.
    """
    module_name, _, attribute = target.rpartition(":")
    if not module_name or not attribute:
        raise click.BadParameter(f"{target!r} is not of the form module:client")
    module = _run(module_name)
    try:
        found = reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        names = ", ".join(name for name, value in vars(module).items() if isinstance(value, CloudRequests)) or "none"
        raise click.ClickException(f"{target}: {error}; the CloudRequests in {module_name}: {names}") from error
    if not isinstance(found, CloudRequests):
        raise click.ClickException(f"{target} is a {type(found).__name__}, not a CloudRequests")
    for cloud in found.clouds:
        cloud.disconnect()
    return found


def _run(name: str) -> ModuleType:
    path = Path(name)
    folder = path.parent if path.suffix == ".py" else Path()
    sys.path.insert(0, str(folder.resolve()))
    try:
        spec = importlib.util.find_spec(path.stem if path.suffix == ".py" else name)
        if spec is None or spec.loader is None:
            raise click.ClickException(f"there is no module {name!r}; give a module of this folder, or a file.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        with _nothing_begins():
            spec.loader.exec_module(module)
    except _ServerBegins:
        return module
    except SystemExit as error:
        said = error.code.strip().partition("\n")[0] if isinstance(error.code, str) else f"exit code {error.code}"
        raise click.ClickException(f"{name} ends before its server starts: {said}") from error
    except ImportError as error:
        raise click.ClickException(f"{name}: {error}") from error
    except click.ClickException:
        raise
    except Exception as error:
        raise click.ClickException(f"{name} fails: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module


@contextmanager
def _nothing_begins() -> Iterator[None]:
    def start(*_: Any, **__: Any) -> NoReturn:
        raise _ServerBegins

    def connector(*_: Any, **__: Any) -> Connector:
        return _Nowhere

    usual = CloudRequests.start, connection._connector
    CloudRequests.start, connection._connector = start, connector  # type: ignore[method-assign]
    try:
        yield
    finally:
        CloudRequests.start, connection._connector = usual  # type: ignore[method-assign]

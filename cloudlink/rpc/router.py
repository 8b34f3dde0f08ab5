"""Handlers by name."""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from cloudlink.codec.bounds import short
from cloudlink.errors import InvalidArgument, RequestError
from cloudlink.level import Level
from cloudlink.rpc.convert import Converter, converter_for
from cloudlink.rpc.messages import OWN_PREFIX

Function = Callable[..., Any]

_UNKNOWN = (NameError, AttributeError, SyntaxError, TypeError)
"""What looking an annotation up raises that is not there when the program runs."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that answers the requests of one name.

    Attributes:
        name: what the Scratch project asks for.
        function: as it was given; it may be a coroutine function.
        is_async: whether it is one, or an async generator function.
        parameters: the names of its positional parameters, with their converters.
        required: how many of them have no default.
        rest: the converter of further arguments, if it takes any (`*args`).
        level: how sure the name of whoever asks has to be.
    """

    name: str
    function: Function
    is_async: bool
    parameters: tuple[tuple[str, Converter], ...]
    required: int
    rest: Converter | None
    level: Level = Level.NONE

    def convert(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as the annotations want them.

        Raises:
            RequestError: too few, too many, or one that does not fit (code 400).
        """
        most = len(self.parameters)
        if len(arguments) < self.required or (len(arguments) > most and self.rest is None):
            raise RequestError(f"{self.name} takes {self._count()}, not {len(arguments)}")
        named = zip(self.parameters, arguments, strict=False)
        first = [self._convert(name, convert, argument) for (name, convert), argument in named]
        if self.rest is None:
            return tuple(first)
        return (*first, *(self._convert("each further one", self.rest, argument) for argument in arguments[most:]))

    def _convert(self, name: str, convert: Converter, argument: Any) -> Any:
        try:
            return convert(argument)
        except ValueError as error:
            raise RequestError(f"{self.name}: {name} should be {error}, not {short(argument)}") from None

    def _count(self) -> str:
        names = ", ".join(name for name, _ in self.parameters)
        most = len(self.parameters)
        plural = "" if most == 1 else "s"
        if self.rest is not None:
            return f"at least {self.required} argument{'' if self.required == 1 else 's'} ({names}, ...)"
        if not most:
            return "no arguments"
        if self.required < most:
            return f"{self.required} to {most} arguments ({names})"
        return f"{most} argument{plural} ({names})"


class Router:
    """Handlers by name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, function: Function, *, name: str | None = None, level: Level = Level.NONE) -> None:
        """Let a function answer the requests of a name; the function's own name if none is given.

        Args:
            function: a plain function, `async def`, or a generator of either kind.
            name: what the Scratch project asks for.
            level: how sure the name of whoever asks has to be.

        Raises:
            InvalidArgument: the name is taken, or the function has parameters that a request cannot fill.
        """
        handler = make_handler(function, name=name, level=level)
        if handler.name in self._handlers:
            raise InvalidArgument(
                f"there is a handler for {handler.name!r} already; remove it first or give another name="
            )
        self._handlers[handler.name] = handler

    def remove(self, name: str) -> None:
        """Forget the handler of a name.

        Raises:
            InvalidArgument: there is none.
        """
        if name not in self._handlers:
            raise InvalidArgument(f"there is no handler for {name!r}")
        del self._handlers[name]

    def find(self, name: str) -> Handler:
        """The handler of a name.

        Raises:
            RequestError: there is none (code 404).
        """
        handler = self._handlers.get(name)
        if handler is None:
            raise RequestError(f"there is no request called {name[:60]!r}", 404)
        return handler

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """All handlers, in the order they were added."""
        return tuple(self._handlers.values())

    @property
    def names(self) -> list[str]:
        """All names, in the order they were added."""
        return list(self._handlers)


def make_handler(function: Function, *, name: str | None = None, level: Level = Level.NONE) -> Handler:
    """A handler made from a function's signature and annotations.

    Raises:
        InvalidArgument: a parameter is keyword-only without a default, or has an annotation that nothing from a
            cloud variable can have; the name is not a text with something in it; or it is no function, or a
            built-in one that does not tell its parameters.
    """
    name = name if name is not None else getattr(function, "__name__", "")
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"a handler's name is a text with something in it, not {name!r}; give name=")
    if name.startswith(OWN_PREFIX):
        raise InvalidArgument(f"names that begin with {OWN_PREFIX!r} are cloudlink's own; name {name!r} otherwise")
    annotations = annotations_of(function)
    parameters: list[tuple[str, Converter]] = []
    required = 0
    rest: Converter | None = None
    for parameter in _signature(name, function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty:
                raise InvalidArgument(f"{name}: {parameter.name} is keyword-only; requests have positions only")
            continue
        converter = _converter(name, parameter.name, annotations.get(parameter.name, Any))
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = converter
            continue
        parameters.append((parameter.name, converter))
        required += parameter.default is parameter.empty
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return Handler(name, function, is_async, tuple(parameters), required, rest, level)


def _signature(name: str, function: Function) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"{name}: {error}; a handler is a function that you wrote with def") from None


def annotations_of(function: Function) -> dict[str, Any]:
    """A function's annotations by parameter, without those that mean nothing to Python."""
    while isinstance(function, partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = getattr(function, "__call__", function)  # noqa: B004 - an object's, for its annotations
    with contextlib.suppress(*_UNKNOWN):
        return typing.get_type_hints(function)
    # Words for people, or names that exist for the type checker only: the others count all the same.
    names = getattr(inspect.unwrap(function), "__globals__", {})
    found: dict[str, Any] = {}
    for name, annotation in getattr(function, "__annotations__", {}).items():
        with contextlib.suppress(*_UNKNOWN):
            found |= typing.get_type_hints(SimpleNamespace(__annotations__={name: annotation}), names)
    return found


def _converter(handler: str, parameter: str, annotation: Any) -> Converter:
    try:
        return converter_for(annotation)
    except InvalidArgument as error:
        raise InvalidArgument(f"{handler}: the parameter {parameter}: {error}") from None

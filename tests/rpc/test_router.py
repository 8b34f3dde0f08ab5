"""Handlers by name, and what they say to requests that do not fit them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from cloudlink.errors import InvalidArgument, RequestError
from cloudlink.rpc.router import Router, make_handler

if TYPE_CHECKING:
    from no_such_package import Mystery


def nothing() -> None: ...


def greet(name: str) -> str:
    return f"hello {name}"


def add(a: float, b: float) -> float:
    return a + b


def move(x: int, y: int = 0, *, speed: int = 1) -> tuple[int, int, int]:
    return x, y, speed


def total(first: int, *more: int) -> int:
    return first + sum(more)


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    handler = make_handler(function)
    return handler.function(*handler.convert(arguments))


def test_arguments_are_converted_and_defaults_filled_in() -> None:
    assert run(add, "1.5", 2) == 3.5
    assert run(move, "3") == (3, 0, 1)
    assert run(move, 3.0, "4") == (3, 4, 1)
    assert run(total, "1") == 1
    assert run(total, "1", "2", 3.0) == 6
    assert run(lambda anything: anything, [1, "x"]) == [1, "x"]


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (nothing, (1,), "nothing takes no arguments, not 1"),
        (greet, (), "greet takes 1 argument (name), not 0"),
        (add, (1,), "add takes 2 arguments (a, b), not 1"),
        (add, (1, 2, 3), "add takes 2 arguments (a, b), not 3"),
        (move, (), "move takes 1 to 2 arguments (x, y), not 0"),
        (move, (1, 2, 3), "move takes 1 to 2 arguments (x, y), not 3"),
        (total, (), "total takes at least 1 argument (first, ...), not 0"),
        (add, ("abc", 1), "add: a should be a number, not 'abc'"),
        (move, (1, 2.5), "move: y should be a whole number, not 2.5"),
        (total, (1, 2, "x"), "total: each further one should be a whole number, not 'x'"),
        (greet, (["Ann"],), "greet: name should be a text, not ['Ann']"),
    ],
)
def test_a_request_that_does_not_fit_is_told_so_in_plain_words(
    function: Callable[..., Any], arguments: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(RequestError) as caught:
        run(function, *arguments)
    assert (caught.value.text, caught.value.code) == (words, 400)


@pytest.mark.parametrize("huge", ["x" * 100_000, 10**5000, [10**5000]], ids=["text", "number", "list"])
def test_a_huge_argument_is_not_repeated_in_full(huge: Any) -> None:
    with pytest.raises(RequestError) as caught:
        run(add, huge, 1)
    assert len(caught.value.text) < 200


def test_a_parameter_that_no_request_can_fill_is_refused() -> None:
    def sail(*, where: str) -> None: ...

    with pytest.raises(InvalidArgument, match="sail: where is keyword-only"):
        make_handler(sail)


def test_keyword_parameters_that_a_request_need_not_fill_are_left_alone() -> None:
    def sail(*, where: str = "home", **anything: set[int]) -> str:
        return where

    assert run(sail) == "home"
    with pytest.raises(RequestError, match="no arguments"):
        run(sail, "away")


def test_an_annotation_that_nothing_can_have_names_the_parameter() -> None:
    def draw(points: set[int]) -> None: ...

    with pytest.raises(InvalidArgument, match=r"draw: the parameter points: .* cannot come from a cloud variable"):
        make_handler(draw)


def test_annotations_that_cannot_be_looked_up_check_nothing() -> None:
    def strange(a: Mystery, b: functools.no_such_name, c: "the player's name") -> Any:  # type: ignore  # noqa
        return a, b, c

    def words(a: "what a player says") -> Any:  # type: ignore  # noqa
        return a

    assert run(strange, 1, "x", []) == (1, "x", [])
    assert run(words, 1) == 1


def test_one_annotation_that_cannot_be_looked_up_leaves_the_others_checked() -> None:
    def buy(item: str, count: int, coupon: Mystery = None) -> Mystery:  # type: ignore
        return item, count, coupon

    assert run(buy, 7, "3", []) == ("7", 3, [])
    with pytest.raises(RequestError, match="count should be a whole number"):
        run(buy, "hat", "x")


def test_the_annotations_of_what_a_partial_function_or_an_object_calls_are_checked() -> None:
    class Adder:
        def __call__(self, number: float) -> float:
            return number + 1

    for function in (functools.partial(add, 1), Adder()):
        handler = make_handler(function, name="add_one")
        assert handler.function(*handler.convert(("2",))) == 3
        with pytest.raises(RequestError, match="should be a number, not 'x'"):
            handler.convert(("x",))


def test_methods_and_partial_functions_are_handlers() -> None:
    class Score:
        def __init__(self) -> None:
            self.points = 0

        def win(self, points: int) -> int:
            self.points += points
            return self.points

    assert run(Score().win, "3") == 3
    handler = make_handler(functools.partial(add, 1), name="add_one")
    assert handler.function(*handler.convert((2,))) == 3


@pytest.mark.parametrize("function", [max, "greet", None, 5])
def test_what_is_no_function_or_tells_no_parameters_is_refused(function: Any) -> None:
    with pytest.raises(InvalidArgument, match="a handler is a function that you wrote"):
        make_handler(function, name="something")


@pytest.mark.parametrize("name", ["", 5, b"greet"])
def test_a_name_is_a_text_with_something_in_it(name: Any) -> None:
    with pytest.raises(InvalidArgument, match="a text with something in it"):
        make_handler(greet, name=name)


def test_coroutine_functions_are_known_as_such() -> None:
    async def later() -> None: ...

    assert make_handler(later).is_async
    assert not make_handler(greet).is_async


def test_a_taken_name_is_refused_and_the_first_handler_stays() -> None:
    router = Router()
    router.add(greet)
    with pytest.raises(InvalidArgument, match="there is a handler for 'greet' already"):
        router.add(add, name="greet")
    assert router.find("greet").function is greet


def test_one_function_may_have_several_names() -> None:
    router = Router()
    router.add(greet)
    router.add(greet, name="say hello")
    assert router.names == ["greet", "say hello"]
    assert router.find("say hello").function is router.find("greet").function


def test_a_removed_name_is_free_again() -> None:
    router = Router()
    router.add(greet)
    router.remove("greet")
    with pytest.raises(RequestError, match="there is no request called 'greet'") as caught:
        router.find("greet")
    assert caught.value.code == 404
    router.add(add, name="greet")
    assert router.find("greet").function is add


def test_removing_what_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="there is no handler for 'greet'"):
        Router().remove("greet")


def test_an_unknown_name_is_not_repeated_in_full() -> None:
    with pytest.raises(RequestError) as caught:
        Router().find("x" * 10_000)
    assert len(caught.value.text) < 200

"""Plural nouns: what the property tests draw from."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from cloudlink.codec.ranges import COMMON
from cloudlink.codec.rows import Rows
from cloudlink.transport.weather import Weather

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)

digit_strings = st.text("0123456789", max_size=300)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=40)
)

packable_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)
"""What msgpack carries."""

moments = st.datetimes(timezones=st.just(UTC))

decimals = st.decimals(allow_nan=False).filter(lambda number: not number.is_finite() or abs(number.adjusted()) <= 6144)

prices = st.integers(-10_000, 10_000).map(lambda cents: cents / 100)

words = st.sampled_from(["red", "blue", "griffpatch", "Hello, how are you?", ""])

leaves = scalars | st.integers() | st.integers(-(10**40), 10**40) | prices | words | moments | decimals

keys = texts | st.sampled_from(["name", "score", "x", "player of the day"])

like_values = st.one_of(
    *(st.lists(items, max_size=40) for items in (st.booleans(), prices, words, st.just(7))),
    *(
        st.lists(st.integers(low, high), max_size=40)
        for low, high in ((0, 9), (0, 300), (-240, 240), (-(2**54), 2**54))
    ),
    st.lists(st.integers(-20, 20).map(lambda number: number * 15), max_size=40),
)
"""Lists of what has a column of its own."""

tables = st.lists(keys, min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, leaves)), max_size=6)
) | st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(leaves, min_size=width, max_size=width), max_size=6))

values = st.recursive(
    leaves | like_values | tables,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(keys, inner, max_size=5)
        | st.dictionaries(st.integers(0, 200) | st.floats(0.5, 2), inner, max_size=3)
    ),
    max_leaves=12,
)
"""What the typed codec carries."""

ranges = st.sampled_from(list(COMMON.values())) | st.builds(
    lambda lowest, many, step: range(lowest, lowest + many * step, step),
    st.integers(-5000, 5000),
    st.integers(2, 10**6),
    st.integers(1, 50),
)

declared_rows = st.lists(ranges, min_size=1, max_size=8).flatmap(
    lambda columns: st.tuples(
        st.just(Rows(**{f"column_{place}": column for place, column in enumerate(columns)})),
        st.lists(st.tuples(*(st.sampled_from(column) for column in columns)), max_size=20),
    )
)
"""A declaration, and rows that it allows."""

weathers = st.builds(
    Weather,
    delay=st.sampled_from([(0.0, 0.0), (0.05, 0.3), (0.0, 1.0)]),
    loss=st.sampled_from([0.0, 0.05, 0.2, 0.4]),
    doubling=st.sampled_from([0.0, 0.2]),
    disorder=st.booleans(),
    relay_interval=st.sampled_from([0.0, 1 / 30, 0.1]),
)

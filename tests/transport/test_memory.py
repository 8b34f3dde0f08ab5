from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.transport.memory import Delivery, MemoryCloud, Weather

seeds = st.integers(0, 10**6)
delays = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda ends: (min(ends), max(ends)))


def cloud_of_two(weather: Weather | None = None, *, seed: int = 0) -> tuple[MemoryCloud, int, int]:
    cloud = MemoryCloud(random=Random(seed), weather=weather)
    return cloud, cloud.join(now=0.0), cloud.join(now=0.0)


def values(deliveries: list[Delivery]) -> list[str]:
    return [delivery.value for delivery in deliveries]


def drain(cloud: MemoryCloud) -> list[tuple[float, Delivery]]:
    """All deliveries with their times, fetched at each wakeup."""
    found = []
    while (now := cloud.wakeup()) is not None:
        found += [(now, delivery) for delivery in cloud.deliveries(now=now)]
    return found


def test_everybody_but_the_writer_sees_a_value() -> None:
    cloud, writer, reader = cloud_of_two()
    other = cloud.join(now=0.0)
    cloud.write(writer, "a", "1", now=0.0)
    assert cloud.deliveries(now=0.0) == [Delivery(reader, "a", "1"), Delivery(other, "a", "1")]
    assert cloud.wakeup() is None


@given(delays, seeds)
def test_a_value_arrives_within_the_delay(delay: tuple[float, float], seed: int) -> None:
    cloud, writer, _ = cloud_of_two(Weather(delay=delay), seed=seed)
    cloud.write(writer, "a", "1", now=10.0)
    at = cloud.wakeup()
    assert at is not None
    assert 10.0 + delay[0] <= at <= 10.0 + delay[1]
    assert cloud.deliveries(now=at - 0.001) == []
    assert values(cloud.deliveries(now=at)) == ["1"]


@given(delays, seeds)
def test_values_keep_their_order_unless_the_weather_says_otherwise(delay: tuple[float, float], seed: int) -> None:
    cloud, writer, _ = cloud_of_two(Weather(delay=delay), seed=seed)
    for number in range(20):
        cloud.write(writer, "ab"[number % 2], str(number), now=number / 10)
    assert [int(delivery.value) for _, delivery in drain(cloud)] == list(range(20))


def test_in_disorder_values_overtake_each_other() -> None:
    cloud, writer, _ = cloud_of_two(Weather(delay=(0.0, 1.0), disorder=True))
    for number in range(20):
        cloud.write(writer, "a", str(number), now=number / 100)
    arrived = [int(delivery.value) for _, delivery in drain(cloud)]
    assert sorted(arrived) == list(range(20))
    assert arrived != sorted(arrived)


@pytest.mark.parametrize(
    ("weather", "least", "most"), [(Weather(loss=0.3), 600, 800), (Weather(doubling=0.3), 1200, 1400)]
)
def test_a_share_is_lost_or_doubled(weather: Weather, least: int, most: int) -> None:
    cloud, writer, _ = cloud_of_two(weather)
    for number in range(1000):
        cloud.write(writer, "a", str(number), now=0.0)
    assert least < len(cloud.deliveries(now=0.0)) < most


def test_the_same_seed_makes_the_same_weather() -> None:
    histories = []
    for _ in range(2):
        cloud, writer, _ = cloud_of_two(Weather(delay=(0.0, 1.0), loss=0.3, doubling=0.3, disorder=True), seed=5)
        for number in range(50):
            cloud.write(writer, "a", str(number), now=number / 10)
        histories.append(drain(cloud))
    assert histories[0] == histories[1]


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from("ab")), min_size=1, max_size=30), seeds)
def test_a_relay_passes_on_the_last_value_of_each_variable_only(writes: list[tuple[float, str]], seed: int) -> None:
    cloud, writer, _ = cloud_of_two(Weather(relay_interval=0.5), seed=seed)
    last: dict[tuple[int, str], str] = {}
    for number, (at, name) in enumerate(sorted(writes)):
        cloud.write(writer, name, str(number), now=at)
        last[-int(-at // 0.5), name] = str(number)
    assert {(round(at / 0.5), delivery.name): delivery.value for at, delivery in drain(cloud)} == last


def test_a_newcomer_is_sent_all_stored_values_even_in_bad_weather() -> None:
    cloud = MemoryCloud(random=Random(0), weather=Weather(loss=1.0, delay=(0.1, 0.1)))
    writer = cloud.join(now=0.0)
    for name, value in (("a", "1"), ("b", "2"), ("a", "3")):
        cloud.write(writer, name, value, now=0.0)
    newcomer = cloud.join(now=5.0)
    assert cloud.deliveries(now=5.0) == []
    assert cloud.deliveries(now=5.1) == [Delivery(newcomer, "a", "3"), Delivery(newcomer, "b", "2")]


def test_what_is_under_way_to_somebody_who_leaves_is_lost() -> None:
    cloud, writer, reader = cloud_of_two(Weather(delay=(1.0, 1.0)))
    cloud.write(writer, "a", "1", now=0.0)
    cloud.leave(reader)
    assert cloud.deliveries(now=2.0) == []
    assert cloud.wakeup() is None


def test_the_weather_may_change_at_any_time() -> None:
    cloud, writer, _ = cloud_of_two()
    cloud.weather = Weather(loss=1.0)
    cloud.write(writer, "a", "1", now=0.0)
    cloud.weather = Weather()
    cloud.write(writer, "a", "2", now=0.0)
    assert values(cloud.deliveries(now=0.0)) == ["2"]


@pytest.mark.parametrize("bad", [{"delay": (1.0, 0.5)}, {"delay": (-1.0, 0.5)}, {"loss": 1.5}, {"doubling": -0.1}])
def test_weather_that_cannot_be_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        Weather(**bad)  # type: ignore[arg-type]

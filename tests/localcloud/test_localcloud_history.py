from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.localcloud import history as history_module
from cloudlink.localcloud.history import History
from cloudlink.localcloud.room import Change


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=5)), max_size=30),
    st.integers(0, 6),
    st.integers(0, 6),
)
def test_the_newest_changes_of_a_project_come_first(
    kept: int, sets: list[tuple[str, str]], limit: int, offset: int
) -> None:
    history = History(kept)
    for time, (project, value) in enumerate(sets):
        history.add(project, "bob", Change("set_var", "☁ x", value), timestamp=time)
    for project in "ab":
        expected = [(time, value) for time, (where, value) in enumerate(sets) if where == project][-kept:][::-1]
        found = history.newest(project, limit, offset)
        assert [(entry.timestamp, entry.value) for entry in found] == expected[offset : offset + limit]


def test_entries_look_as_on_scratch() -> None:
    history = History(10)
    for change in (
        Change("create_var", "☁ a", "1"),
        Change("rename_var", "☁ a", new_name="☁ b"),
        Change("del_var", "☁ b"),
    ):
        history.add("7", "bob", change, timestamp=1779999998123)
    deleted, renamed, created = (entry.as_json() for entry in history.newest("7", 10))
    assert deleted == {"user": "bob", "verb": "del_var", "name": "☁ b", "value": None, "timestamp": 1779999998123}
    assert (renamed["verb"], renamed["name"], renamed["value"]) == ("rename_var", "☁ a", None)
    assert (created["verb"], created["value"]) == ("create_var", "1")


def test_nothing_is_kept_where_nothing_is_wanted() -> None:
    history = History(0)
    history.add("7", "bob", Change("set_var", "☁ x", "1"), timestamp=0)
    assert history.newest("7", 10) == []


def test_long_values_push_out_old_entries_and_many_projects_the_quiet_ones() -> None:
    history = History(1000)
    for number in range(20):
        history.add("7", "bob", Change("set_var", "☁ x", "9" * 100_000), timestamp=number)
    kept = history.newest("7", 1000)
    assert 5 < len(kept) <= history_module.PROJECT_CHARACTERS // 100_000
    assert kept[0].timestamp == 19
    for project in range(80):
        for number in range(10):
            history.add(f"p{project}", "bob", Change("set_var", "☁ x", "9" * 100_000), timestamp=number)
    assert history.newest("7", 1) == history.newest("p0", 1) == []
    assert len(history.newest("p79", 100)) == 10

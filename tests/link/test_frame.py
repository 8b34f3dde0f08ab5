from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings
from test_records import addressed_records, any_records

from cloudlink.errors import DecodeError
from cloudlink.link import checksum, frame
from cloudlink.link.frame import Control, Downlink, Hello, Notice, Refusal, Reset, Uplink, Welcome
from cloudlink.link.records import Part, Record

nonces = st.integers(0, 10**8 - 1)
epochs = st.integers(0, 9999)
sequences = st.integers(0, 99)
addresses = st.integers(0, 999)
notices: st.SearchStrategy[Notice] = (
    st.builds(Welcome, nonces, addresses)
    | st.builds(Reset, addresses, st.text("0123456789", min_size=6, max_size=6))
    | st.builds(Refusal, nonces, st.integers(0, 9))
)
controls = st.builds(
    Control, sequences, epochs, st.integers(0, 9999), st.lists(notices, max_size=8).map(lambda found: tuple(found))
)
downlinks = st.builds(
    Downlink, sequences, st.lists(addressed_records, min_size=1, max_size=4).map(lambda found: tuple(found))
)
uplinks = st.builds(
    Uplink, addresses, st.integers(0, 99), st.lists(any_records, min_size=1, max_size=4).map(lambda found: tuple(found))
)


@given(controls)
def test_control_frames_come_back(control: Control) -> None:
    value = frame.pack_control(control)
    assert frame.kind(value) == frame.CONTROL
    assert frame.verify(value, seed=0)
    assert frame.unpack_control(value) == control


@given(downlinks, epochs)
def test_downlink_frames_come_back(downlink: Downlink, epoch: int) -> None:
    value = frame.pack_downlink(downlink, epoch=epoch)
    assert frame.kind(value) in (frame.SHARED, frame.ONE_PART, frame.ONE_LAST)
    assert frame.verify_downlink(value, epoch=epoch)
    assert frame.unpack_downlink(value, epoch=epoch) == downlink


@given(st.integers(0, 9), nonces)
def test_hellos_come_back(version: int, nonce: int) -> None:
    value = frame.pack_hello(Hello(version, nonce))
    assert frame.kind(value) == frame.HELLO
    assert frame.verify(value, seed=0)
    assert frame.unpack_hello(value) == Hello(version, nonce)


@given(uplinks, nonces, epochs)
def test_uplink_frames_come_back(uplink: Uplink, nonce: int, epoch: int) -> None:
    seed = frame.uplink_seed(nonce=nonce, epoch=epoch)
    value = frame.pack_uplink(uplink, seed=seed)
    assert frame.kind(value) == frame.CLIENT
    assert frame.verify(value, seed=seed)
    assert frame.client_address(value) == uplink.address
    assert frame.unpack_uplink(value) == uplink


@given(uplinks, nonces, epochs, st.integers(1, 9999))
def test_a_frame_of_another_session_fails_the_check(uplink: Uplink, nonce: int, epoch: int, distance: int) -> None:
    value = frame.pack_uplink(uplink, seed=frame.uplink_seed(nonce=nonce, epoch=epoch))
    assert not frame.verify(value, seed=frame.uplink_seed(nonce=nonce, epoch=epoch + distance))
    assert frame.checksum_of(value) == value[-6:]


@given(digit_strings.map(lambda digits: "1" + digits) | digit_strings | st.text(max_size=40))
def test_any_text_is_a_frame_or_a_decode_error(value: str) -> None:
    readers: dict[str, Callable[[str], object]] = {
        frame.CONTROL: frame.unpack_control,
        frame.SHARED: partial(frame.unpack_downlink, epoch=7),
        frame.ONE_PART: partial(frame.unpack_downlink, epoch=7),
        frame.ONE_LAST: partial(frame.unpack_downlink, epoch=7),
        frame.HELLO: frame.unpack_hello,
        frame.CLIENT: frame.unpack_uplink,
    }
    with contextlib.suppress(DecodeError):
        readers.get(frame.kind(value), lambda value: None)(value)


@pytest.mark.parametrize(
    "value", ["", "0", "123456", "0" + "1" * 20, "-1234567", "1.234567", "2" * (frame.LONGEST + 1), "١٢٣٤٥٦٧"]
)
def test_what_cannot_be_a_frame_is_refused_by_its_kind(value: str) -> None:
    with pytest.raises(DecodeError):
        frame.kind(value)


def test_a_part_alone_in_its_frame_spares_code_address_and_message() -> None:
    for last, kind in ((False, frame.ONE_PART), (True, frame.ONE_LAST)):
        value = frame.pack_downlink(Downlink(5, ((42, Part(7, 1, last, "31415")),)), epoch=1)
        assert value[:-6] == f"{kind}05" + "001" + "31415"
        assert frame.verify(value, seed=1 + 42 * 100 + 7)


@given(st.integers(110, 300), st.booleans())
def test_the_room_is_what_the_head_and_the_checksum_leave(capacity: int, last: bool) -> None:
    record: Record = Part(7, 1, last, "1" * (frame.downlink_room(capacity) + frame.SPARED - 10))
    shared = frame.pack_downlink(Downlink(0, ((1, record), (2, record))), epoch=0)
    assert len(shared) > capacity
    assert len(frame.pack_downlink(Downlink(0, ((1, record),)), epoch=0)) == capacity
    record = Part(7, 1, last, "1" * (frame.uplink_room(capacity) - 7))
    assert len(frame.pack_uplink(Uplink(1, 1, (record,)), seed=0)) == capacity


@given(digit_strings.map(lambda digits: "305001" + digits), st.integers(0, 999_982))
def test_every_checksum_belongs_to_one_seed(digits: str, seed: int) -> None:
    assert checksum.seed_of(digits, checksum.checksum(digits, seed=seed)) == seed


@given(st.integers(80, 300))
def test_as_many_welcomes_fit_as_the_room_says(capacity: int) -> None:
    welcomes = (Welcome(99_999_999, 999),) * frame.notices_room(capacity)
    assert len(frame.pack_control(Control(99, 9999, 9999, welcomes))) <= capacity
    assert len(frame.pack_control(Control(99, 9999, 9999, (*welcomes, welcomes[0])))) > capacity

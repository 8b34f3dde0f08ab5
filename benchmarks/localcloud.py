"""How many messages does the cloud server deliver a second, beside scratchattach's own server in the same run?

A message is one set that reaches one other client; values have 256 digits. All clients set as fast as the server takes
it, each at most 64 sets ahead of what it hears from the others. The clients are bare sockets in a process of their own
(`cloud_load.py`); `load busy` shows that they had time to spare. Wall time, over loopback; other work on the machine
slows it, so the table also has what a second of the server's own processor time delivers.

The last rows are about a normal day, ten sets a second from each client, and about a bad one: 50 such clients while
200 others send rubbish, too much, too slowly, or nothing at all.

    pip install '.[benchmark]'
    python benchmarks/localcloud.py [--quick] [--json FILE]
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cloud_load import Load, Result
from ports import free_port, wait_for
from report import Report, Row, main

FOLDER = Path(__file__).parent

SCRATCHATTACH = """
import sys
from scratchattach.eventhandlers.cloud_server import init_cloud_server
options = {"length_limit": 256, "allow_non_numeric": False, "log_var_sets": False}
init_cloud_server("127.0.0.1", int(sys.argv[1]), **options).start(thread=False)
"""

WITHOUT_UVLOOP = """
import sys
sys.modules["uvloop"] = None
from cloudlink.cli.main import main
main(sys.argv[1:])
"""

CLOUD = ["cloud", "--profile", "open", "--port"]

SERVERS: dict[str, list[str]] = {
    "cloudlink": [sys.executable, "-c", WITHOUT_UVLOOP, *CLOUD],
    "cloudlink with uvloop": [sys.executable, "-m", "cloudlink", *CLOUD],
    "scratchattach": [sys.executable, "-c", SCRATCHATTACH],
}

NEEDS = {"cloudlink with uvloop": "uvloop", "scratchattach": "scratchattach"}

TURBOWARP = 79_100
"""Messages a second that TurboWarp's Node server delivered to 20 clients, on two cores, when it was measured for this
project's research; it is on no package registry, so it is not in the run."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there.

    Attributes:
        rooms: how many projects.
        clients: how many in each.
        sets: how many each client makes in a full run.
    """

    rooms: int
    clients: int
    sets: int

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.rooms} room{'s' if self.rooms > 1 else ''} x {self.clients} clients"


CROWDS = (Crowd(1, 20, 2000), Crowd(1, 100, 100), Crowd(100, 10, 120))


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Attributes:
        name: in the table.
        port: where it listens.
        process: its own.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float | None:
        """Processor time it has taken so far; None where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(name: str) -> Iterator[Server]:
    """A server in a process of its own."""
    port = free_port()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*SERVERS[name], str(port)], stdout=quiet, stderr=quiet)
    try:
        wait_for(port)
        yield Server(name, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(load: Load) -> Result:
    """Let the load happen in its own process."""
    command = [sys.executable, str(FOLDER / "cloud_load.py"), json.dumps(asdict(load))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    if done.returncode:
        raise SystemExit(f"the load failed: {done.stderr.strip().splitlines()[-1]}")
    return Result(**json.loads(done.stdout))


def measure(report: Report) -> None:
    """All servers, all crowds; then the normal and the bad day."""
    names = [name for name in SERVERS if name not in NEEDS or importlib.util.find_spec(NEEDS[name]) is not None]
    for name in SERVERS.keys() - names:
        report.heading(f"left out: {name}; pip install '.[benchmark]' brings {NEEDS[name]}")
    for crowd in CROWDS:
        report.heading(f"as fast as the server takes it, {crowd.title}")
        speeds = {name: _measure_speed(report, name, crowd) for name in names}
        if "scratchattach" in speeds:
            ours, theirs = speeds["cloudlink"], speeds["scratchattach"]
            for measure, one, other in zip(("wall time", "CPU time"), ours, theirs, strict=True):
                if one is not None and other is not None:
                    case = f"{crowd.title}, {measure}"
                    report.add(Row("cloudlink / scratchattach", case, one / other, "times", at_least=2.0))
    report.heading("a normal day: 10 sets a second from each client")
    for name in names:
        _measure_day(report, name, hostile=0)
    report.heading("a bad day: the same with 200 hostile clients at once")
    for name in names:
        if name != "scratchattach":
            _measure_day(report, name, hostile=200)


def _measure_speed(report: Report, name: str, crowd: Crowd) -> tuple[float, float | None]:
    """Messages a second, and messages a second of the server's processor time."""
    sets = crowd.sets // 4 if report.quick or name == "scratchattach" else crowd.sets
    with running(name) as server:
        before = server.cpu_seconds()
        result = run(Load(server.port, crowd.rooms, crowd.clients, sets))
        after = server.cpu_seconds()
    case = f"{name}, {crowd.title}"
    if result.delivered < result.expected:  # within the load's time; the rate is of what came
        report.add(Row("arrived in time", case, 100 * result.delivered / result.expected, "%"))
    rate = result.delivered / result.seconds
    aim = TURBOWARP if name == "cloudlink" and crowd is CROWDS[0] else None
    report.add(Row("delivered", case, rate, "messages/s", aim=aim))
    report.add(Row("load busy", case, 100 * result.busy, "%"))
    if before is None or after is None:
        return rate, None
    report.add(Row("delivered a second of its CPU", case, result.delivered / (after - before), "messages/s"))
    return rate, result.delivered / (after - before)


def _measure_day(report: Report, name: str, *, hostile: int) -> None:
    crowd = Crowd(1, 50, 30 if report.quick else 100)
    case = f"{name}, {crowd.title}" + (f", {hostile} hostile" if hostile else "")
    with running(name) as server, _siege(server.port, hostile, seconds=crowd.sets / 10 + 2):
        result = run(Load(server.port, crowd.rooms, crowd.clients, crowd.sets, rate=10.0))
    report.add(Row("arrived", case, 100 * result.delivered / result.expected, "%"))
    for share in (50, 99):
        latency = result.latency[len(result.latency) * share // 100] if result.latency else float("inf")
        report.add(Row(f"set to arrival, p{share}", case, 1000 * latency, "ms"))


@contextmanager
def _siege(port: int, clients: int, *, seconds: float) -> Iterator[None]:
    if not clients:
        yield
        return
    siege = json.dumps({"port": port, "clients": clients, "seconds": seconds})
    with subprocess.Popen([sys.executable, str(FOLDER / "hostile_clients.py"), siege], stdout=subprocess.DEVNULL):
        yield


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)

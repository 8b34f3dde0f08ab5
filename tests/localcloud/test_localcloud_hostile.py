"""Two hundred clients that mean no good, and fifty that must not notice; both in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cloud_clients import until

from cloudlink.localcloud import LocalCloud

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def command(script: str, **options: float) -> list[str]:
    return [sys.executable, str(BENCHMARKS / script), json.dumps(options)]


def test_two_hundred_hostile_clients_cost_fifty_good_ones_nothing() -> None:
    with LocalCloud("open") as cloud:
        siege = command("hostile_clients.py", port=cloud.port, clients=200, seconds=8)
        with subprocess.Popen(siege, stdout=subprocess.PIPE) as hostile:
            until(lambda: cloud.statistics.closed_connections > 20, seconds=30)
            load = command("cloud_load.py", port=cloud.port, rooms=1, clients=50, sets=20, rate=5)
            done = subprocess.run(load, capture_output=True, timeout=100, check=True)
            visits = json.loads(hostile.communicate(timeout=60)[0])
        result = json.loads(done.stdout)
        assert result["delivered"] == result["expected"] == 50 * 49 * 20
        assert min(visits.values()) >= 50
        assert visits.keys() == {"malformed", "oversized", "slow", "half_open"}
        until(lambda: cloud.statistics.clients == 0)
        assert cloud.variables("0")

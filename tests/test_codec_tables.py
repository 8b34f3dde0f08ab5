"""The tables of the text codec, where many threads want them at once."""

from __future__ import annotations

import subprocess
import sys

JOIN_AT_ONCE = """
import threading
from contextlib import ExitStack

from cloudlink import CloudClient, TwCloudConnection
from cloudlink.codec.text_table import text_table
from cloudlink.localcloud import LocalCloud

with LocalCloud("turbowarp") as cloud, ExitStack() as stack:
    connections = [stack.enter_context(TwCloudConnection("77", cloud_host=cloud.url)) for _ in range(12)]
    barrier = threading.Barrier(len(connections))

    def join(connection):
        barrier.wait()
        with CloudClient(connection, languages=["es"]) as player:
            player.submit("buenos días")

    threads = [threading.Thread(target=join, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(text_table.cache_info().misses)
"""


def test_clients_that_join_at_once_read_each_table_once() -> None:
    done = subprocess.run([sys.executable, "-c", JOIN_AT_ONCE], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["2"]  # that of everybody, and that for Spanish

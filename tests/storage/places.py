"""Where the tests keep their stores, and a writer to be killed.

python tests/storage/places.py PLACE    moves coins for ever, and prints the number of each transfer it has made
"""

from __future__ import annotations

import sys
from itertools import count
from random import Random

from cloudlink.storage import Storage

COINS = 1000
PLAYERS = [f"player {number}" for number in range(10)]


def move_coins(place: str) -> None:
    with Storage(place) as store:
        random = Random()
        for number in count(store.get("transfers", 0) + 1):
            with store.transaction():
                giver, taker = random.sample(PLAYERS, 2)
                amount = random.randint(0, store.namespace(giver)["coins"])
                store.namespace(giver).add("coins", -amount)
                store.namespace(taker).add("coins", amount)
                store.leaderboard("transfers").add(taker)
                store["transfers"] = number
            print(number, flush=True)


if __name__ == "__main__":
    move_coins(sys.argv[1])

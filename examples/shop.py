"""A server for a shop: it knows the prices, and what every player has, until it ends.

    python examples/shop.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/shop.
"""

from __future__ import annotations

import sys

from cloudlink import CloudRequests, RequestError, TwCloudConnection
from cloudlink.transport.connection import Connection

PRICES = {"nothing": 0, "hat": 30, "wings": 80}
COINS_AT_FIRST = 100


def make_server(connection: Connection) -> CloudRequests:
    """A server for one shop on a connection."""
    client = CloudRequests(connection)
    coins: dict[str, int] = {}
    things: dict[str, list[str]] = {}

    @client.request
    async def buy(name: str, wish: str) -> list[int | str]:
        has = coins.get(name, COINS_AT_FIRST)
        if wish not in PRICES:
            raise RequestError(f"there is no {wish} in the shop")
        if PRICES[wish] > has:
            raise RequestError(f"a {wish} costs {PRICES[wish]} coins, and you have {has}")
        coins[name] = has - PRICES[wish]
        bought = things.setdefault(name, [])
        if PRICES[wish]:
            bought.append(wish)
        return [coins[name], *bought]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()

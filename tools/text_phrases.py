"""Made-up texts for what no corpus holds: names of players, numbers, and the words of games and their screens."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

_NAME_WORDS = """
cool super dark pixel magic epic happy ninja dragon wolf cat dog fox panda otter star sky moon sun fire ice
shadow storm king queen prince lord captain master pro gamer coder scratch scratcher turbo warp game games
studio studios art artist music dance the real its not just little big tiny red blue green black white gold
silver pink purple minecraft mario sonic kirby poke super lucky crazy funny silly sweet candy cookie pizza
taco potato banana apple rocket robot alien space galaxy comet nova zombie ghost creeper slime unicorn phoenix
tiger lion bear bunny duck anna emma lily mia zoe max leo sam alex jack ben tom kate lucy sophie noah liam
ethan ryan chris mike nick dan
"""

_GAME_TEXTS = """
game over|you win|you lose|you won!|you lost|level up!|level 1|level 2|level 10|high score|new high score!|best score
score: 0|score: 100|lives: 3|coins: 50|health: 100|time: 60|loading...|connecting...|connected|disconnected|offline
online|waiting for players...|player 1|player 2|player joined|player left|your turn|their turn|opponent's turn
ready?|ready|set|go!|start|play|play again|pause|paused|resume|continue|quit|exit|back|next|menu|main menu|settings
options|help|how to play|instructions|credits|shop|store|inventory|leaderboard|chat|send|login|log in|log out|sign up
username|password|name|save|load|save game|load game|saved!|delete|cancel|ok|okay|yes|no|on|off|true|false|none|null
easy|medium|hard|impossible|nice!|good job!|well played|gg|gg wp|ggs|glhf|brb|afk|lol|lmao|omg|idk|wdym|btw|nvm|tysm
ty|np|yw|bruh|bro|noob|pro|ez|rip|pls|plz|thx|f4f|collab|remix|love|follow|follow me|check out my project|cool project!
nice game|this is so cool|how did you make this?|can i use this?|pls follow me|advertise|banned|muted|kicked|server full
not found|no such user|error|unknown error|try again|please wait|timed out|no answer|request failed|server is offline
invalid username|wrong password|not enough coins|you need more coins|buy|sell|trade|equip|use|open|close|craft|attack
defend|heal|jump|run|walk|left|right|up|down|shoot|reload|hit|miss|critical hit!|damage|armor|sword|shield|bow|potion
key|door|chest|map|quest|boss|enemy|monster|zombie|skeleton|dragon|castle|dungeon|forest|desert|cave|island|world 1-1
red|green|blue|yellow|orange|purple|pink|black|white|brown|gray|x|y|id|hp|xp|level|score|direction|position|rank|type
name|color|size|speed|costume|message|players|items|data|list|value|user|users|count|total|date|time|status|text|title
followers|following|projects|studios|views|loves|favorites|comments|country|joined|about me|ping|pong
what I'm working on
"""


UNFIT = re.compile(
    r"fuck|shit|bitch|cunt|nigg|fagg|whore|slut|pussy|dick|cock(?!t|r)|penis|porn|rape(?!r)|asshole", re.I
)
"""Tokens that nobody should meet who looks through the sprite's lists. (Their texts are written in smaller tokens.)"""


def made_up_texts(chance: random.Random) -> Iterator[tuple[str, float]]:
    """Texts and how much they count.

    Args:
        chance: where the random ones come from.
    """
    yield "", 2000.0
    for text in _GAME_TEXTS.replace("\n", "|").split("|"):
        if text:
            yield text, 15.0
            yield text.capitalize(), 8.0
            yield text.title(), 4.0
    yield from made_up_names_and_numbers(chance, times=10)


def made_up_names_and_numbers(chance: random.Random, *, times: int = 1) -> Iterator[tuple[str, float]]:
    """Names of players and numbers, as there are in every language.

    Args:
        chance: where they come from.
        times: how many, in a unit of 900.
    """
    for _ in range(600 * times):
        yield _player_name(chance), 1.0
    for _ in range(300 * times):
        yield _number(chance), 1.0


def _player_name(chance: random.Random) -> str:
    style = chance.choice((str.lower, str.lower, str.capitalize, str.upper))
    words = [style(chance.choice(_NAME_WORDS.split())) for _ in range(chance.choice((1, 2, 2, 2, 3)))]
    name = chance.choice(("", "", "", "_", "_", "-")).join(words)
    tail = chance.choice(
        ("", "", str(chance.randrange(10)), str(chance.randrange(100)), str(chance.randrange(1000, 2020)))
    )
    name += chance.choice(("", "", "_", "-")) * bool(tail) + tail
    return chance.choice((name, name, name, name, f"xX_{name}_Xx", f"-{name}-", f"_{name}_", f"@{name}"))


def _number(chance: random.Random) -> str:
    amount = chance.randrange(10 ** chance.randint(1, 7))
    return chance.choice(
        (
            str(amount),
            f"{amount:,}",
            f"-{amount}",
            f"{amount / 100:.2f}",
            f"{amount % 24}:{amount % 60:02d}",
            f"{amount % 100}%",
            f"{amount % 480 - 240},{amount % 360 - 180}",
            f"{chance.randrange(2005, 2030)}-{amount % 12 + 1:02d}-{amount % 28 + 1:02d}",
            f"${amount}",
            f"#{amount}",
        )
    )

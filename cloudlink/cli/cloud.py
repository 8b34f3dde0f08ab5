"""`cloudlink cloud`: a cloud server to keep running."""

from __future__ import annotations

import os
import secrets
import signal
import ssl
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from cloudlink.foreground import stay
from cloudlink.localcloud import LocalCloud, RateLimit
from cloudlink.localcloud.profiles import PROFILES

TOKEN_VARIABLE: Final = "CLOUDLINK_CONTROL_TOKEN"
"""The environment variable that the control token is read from; other users see a program's options."""

_ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_EXISTING_FILE: Final = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.command()
@click.option("--profile", type=click.Choice(list(PROFILES)), default="turbowarp", show_default=True, help="Its rules.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The interface; 0.0.0.0: reachable from outside.")
@click.option("--port", type=click.IntRange(0, 65535), default=9080, show_default=True, help="0: any free one.")
@click.option("--database", type=_FILE, help="Keep the values in this file, over restarts.")
@click.option("--history", type=click.IntRange(0), default=1000, show_default=True, help="Changes in /logs, a project.")
@click.option("--project", "projects", multiple=True, help="Serve this project id only; may be repeated.")
@click.option("--origin", "origins", multiple=True, help="Serve web pages of this origin only; may be repeated.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Sets a second of a client; the profile's else.")
@click.option(
    "--burst", type=click.IntRange(1), default=20, show_default=True, help="Sets it may be ahead, with --rate."
)
@click.option("--max-connections", type=click.IntRange(1), default=10_000, show_default=True, help="At once.")
@click.option("--certificate", type=_EXISTING_FILE, help="Serve wss:// with this certificate chain (PEM).")
@click.option("--key", type=_EXISTING_FILE, help="Its private key, if that is not in the same file.")
@click.option("--control", is_flag=True, help="Open /faults and /disconnect to who has the control token.")
def cloud(
    profile: str,
    host: str,
    port: int,
    database: Path | None,
    history: int,
    projects: tuple[str, ...],
    origins: tuple[str, ...],
    rate: float | None,
    burst: int,
    max_connections: int,
    certificate: Path | None,
    key: Path | None,
    control: bool,
) -> None:
    """Run a cloud server for Scratch and TurboWarp projects until Ctrl-C or SIGTERM."""
    rules = PROFILES[profile]
    if rate is not None:
        rules = replace(rules, rate=RateLimit(rate, burst))
    token = (os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe()) if control else None
    stopping = threading.Event()
    server = LocalCloud(
        rules,
        host=host,
        port=port,
        database=database,
        history=history,
        projects=projects or None,
        origins=origins or None,
        tls=_tls(certificate, key),
        max_connections=max_connections,
        control_token=token,
    )
    server.start()

    def stop(*_: object) -> None:
        for number in _ENDINGS:  # the next one ends at once
            signal.signal(number, signal.SIG_DFL)
        stopping.set()

    for number in _ENDINGS:
        signal.signal(number, stop)
    web = server.url.replace("ws", "http", 1)
    click.echo(f"A cloud with the rules of {profile!r} runs at {server.url}")
    click.echo(f"Pages: {web}/health  {web}/metrics  {web}/logs?projectid=ID")
    if token is not None and TOKEN_VARIABLE not in os.environ:
        click.echo(f"Control token: {token}")
    stay(stopping)
    server.stop()
    counted = server.statistics
    click.echo(f"Stopped; {counted.sets_received:,} sets came, {counted.delivered:,} updates were delivered.")


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise click.UsageError("--key goes with --certificate")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # an SSLError is one
        files = f"{certificate}" if key is None else f"{certificate} with the key in {key}"
        raise click.ClickException(f"the certificate cannot be used: {files}: {error}; it wants PEM files") from error
    return context

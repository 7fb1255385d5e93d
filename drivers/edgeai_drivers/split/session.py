"""Zenoh sessions as we open them: no scouting, nothing listens unless asked, messages of a bounded size."""

from __future__ import annotations

import json
import re
from typing import Any

from edgeai.driver import vendor
from edgeai.errors import DeviceError, Problem

from .wire import LARGEST

DEFAULT_PORT = 7447
_KEY = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


def endpoint(text: str | int) -> str:
    """Return zenoh's endpoint of `host:port`, `host`, or a port of loopback; an endpoint stays as it is."""
    written = str(text)
    if "/" in written:
        return written
    if written.isdecimal():
        return f"tcp/127.0.0.1:{written}"
    return f"tcp/{written}" if re.search(r":\d+$", written) else f"tcp/{written}:{DEFAULT_PORT}"


def check_place(path: str, key: str, connect: str | int | None, listen: str | int | None) -> list[Problem]:
    """List what is wrong with where a driver is to be found. `path` leads to its options in the graph."""
    problems = []
    if not _KEY.fullmatch(key):
        problems.append(Problem(f"{path}.key", repr(key), "letters, digits, _ . - and / between them, such as robot"))
    if connect is None and listen is None:
        expected = f"connect: host:{DEFAULT_PORT} on one machine, and listen: 0.0.0.0:{DEFAULT_PORT} on the other"
        problems.append(Problem(path, "neither connect nor listen", expected))
    return problems


def open_session(name: str, connect: str | int | None, listen: str | int | None) -> Any:
    """Open a session. Raises PluginError, and DeviceError for an address that cannot be used."""
    zenoh = vendor("zenoh", "zenoh")
    config = zenoh.Config()
    settings: dict[str, object] = {
        "mode": "peer",
        "listen/endpoints": [] if listen is None else [endpoint(listen)],
        "connect/endpoints": [] if connect is None else [endpoint(connect)],
        "connect/exit_on_failure": False,
        "connect/timeout_ms": -1,
        "connect/retry": {"period_init_ms": 200, "period_max_ms": 1000, "period_increase_factor": 2},
        "listen/exit_on_failure": True,
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
        "transport/link/rx/max_message_size": LARGEST + (1 << 20),
        "transport/shared_memory/enabled": False,
    }
    try:
        for key, value in settings.items():
            config.insert_json5(key, json.dumps(value))
        return zenoh.open(config)
    except zenoh.ZError as error:
        where = " and ".join(str(place) for place in (listen, connect) if place is not None)
        advice = "correct `listen` and `connect`, or free the port"
        raise DeviceError(f"{name} cannot use {where} ({error}): {advice}") from error

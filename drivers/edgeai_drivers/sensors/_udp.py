"""A UDP socket that listens, met like a serial port."""

from __future__ import annotations

import contextlib
import socket

from edgeai.errors import DeviceError, DeviceNotFound

SCHEME = "udp:"


class UdpPort:
    """Listens on one address; what arrives is read datagram by datagram, and what nobody reads the kernel drops."""

    def __init__(self, name: str, host: str, port: int) -> None:
        """Bind. Raises DeviceNotFound for an address that is not this machine's, DeviceError for a port in use."""
        self._socket: socket.socket | None = None
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except socket.gaierror as error:
            raise DeviceNotFound(f"{name} finds no address {host} ({error}): correct `port`") from error
        except OSError as error:
            self.close()
            raise DeviceError(
                f"{name} cannot listen on {host}:{port} ({error}): use a free port of this machine"
            ) from error

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        return host, port

    def fileno(self) -> int:
        """Return the descriptor."""
        assert self._socket is not None
        return self._socket.fileno()

    def read(self, size: int) -> bytes:
        """Return one datagram; empty when there is none after all."""
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError):
            return self._socket.recv(size)
        return b""

    def close(self) -> None:
        """Listen no longer."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def place(text: str) -> tuple[str, int] | None:
    """Return host and port of `udp:HOST:PORT` or `udp:PORT`, the latter on loopback; None for anything else."""
    host, _, port = text.removeprefix(SCHEME).rpartition(":")
    return (host or "127.0.0.1", int(port)) if port.isdecimal() and int(port) < 1 << 16 else None

"""A line that breaks: passes bytes on to a server and cuts where it is told to."""

import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

STEP = 1 << 16
ABORT = struct.pack("ii", 1, 0)
"""So a closed socket answers with a reset, as when a machine loses its power."""


class CuttingLine:
    """Listens on a port of its own. ``cuts`` are the numbers of bytes after which it breaks.

    Every second cut is a reset, the others end the stream as a client would.
    """

    def __init__(self, host: str, port: int, cuts: Sequence[int]) -> None:
        self._target = (host, port)
        self._cuts = list(cuts)
        self._passed = 0
        self.broken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take the line down."""
        self._hang_up(self._listener, *self._open)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                threading.Thread(target=self._answer, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(STEP):
                client.sendall(data)
        self._hang_up(client)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(STEP):
                server.sendall(data)
                self._passed += len(data)
                if self._cuts and self._passed >= self._cuts[0]:
                    self._cuts.pop(0)
                    self.broken += 1
                    if self.broken % 2 == 0:
                        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                    break
            else:
                server.shutdown(socket.SHUT_WR)
                return
        except OSError:
            pass
        self._hang_up(server, client)

    def _hang_up(self, *ends: socket.socket) -> None:
        """Shutting alone would leave a sender waiting for a window that never opens."""
        for one in ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

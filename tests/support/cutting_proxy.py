"""A proxy of connections that are cut in the middle: of a question, of an answer, or in between."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from threading import Lock, Thread

CHUNK_BYTES = 4096


@dataclass
class CuttingProxy:
    """Before the server at `port` of this machine, itself at `own_port`.

    A connection ends after a random number of bytes, at most `longest_question` there or `longest_answer` back: the
    server may have heard half of a question, or have done what its client never hears of.
    """

    port: int
    random: random.Random
    longest_question: int
    longest_answer: int
    own_port: int = 0
    cuts: int = 0
    _lock: Lock = field(default_factory=Lock)

    def serve(self, listening: socket.socket) -> None:
        """Take connections until `listening` is shut down."""
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with ExitStack() as stack:
            stack.enter_context(client)
            server = stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))
            with self._lock:
                counted, most = self.random.choice(((client, self.longest_question), (server, self.longest_answer)))
                left = self.random.randint(1, most)
            # Unlike select(), it also takes the descriptors above 1,023 of a test with a crowd.
            ready = stack.enter_context(DefaultSelector())
            ready.register(client, EVENT_READ, (client, server))
            ready.register(server, EVENT_READ, (server, client))
            while True:
                for key, _ in ready.select():
                    source, target = key.data
                    try:
                        heard = source.recv(CHUNK_BYTES)
                        if source is counted:
                            heard, left = heard[:left], left - len(heard)
                        target.sendall(heard)
                    except OSError:
                        return
                    if left <= 0:
                        self.cuts += 1
                    if left <= 0 or not heard:
                        return


@contextmanager
def cutting_proxy(port: int, seed: int, longest_question: int, longest_answer: int) -> Iterator[CuttingProxy]:
    """Run one before the server at `port`, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        own_port: int = listening.getsockname()[1]
        proxy = CuttingProxy(port, random.Random(seed), longest_question, longest_answer, own_port)
        thread = Thread(target=proxy.serve, args=(listening,))
        thread.start()
        try:
            yield proxy
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()

"""An S3 server of this machine, in a process of its own."""

from __future__ import annotations

import logging
from multiprocessing.connection import Connection

from moto.server import ThreadedMotoServer


def serve(pipe: Connection) -> None:
    """Be the S3 server of a process of its own: the table format waits without yielding."""
    logging.disable()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    pipe.send(server.get_host_and_port())
    pipe.recv()

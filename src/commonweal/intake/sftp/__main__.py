"""The process that ``commonweal sftp serve`` becomes: ``python -m commonweal.intake.sftp``.

It is started so because the verbs must work without asyncssh, and because a server that
strangers talk to should hold no more than it needs.
"""

import asyncio
import logging
import signal
import sys

from commonweal.engine.settings import read_settings
from commonweal.intake.sftp.server import serve


async def run(host: str, port: int) -> None:
    """Serve until told to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stopped.set)
    acceptor = await serve(read_settings(), host=host, port=port)
    logging.info("SFTP: port %d of %s", acceptor.get_port(), host)
    async with acceptor:
        await stopped.wait()
    logging.info("Stopped.")


def main() -> None:
    """Take host and port from the command line."""
    host, port = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    try:
        asyncio.run(run(host, int(port)))
    except OSError as error:
        sys.exit(f"Port {port} of {host} cannot be used: {error.strerror}.")


if __name__ == "__main__":
    main()

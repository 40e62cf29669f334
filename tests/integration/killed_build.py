"""Builds a programme and dies by SIGKILL the moment a scratch file appears in a folder.

Run as a program: ``killed_build.py HOME FOLDER``. Ends with 0 when nothing ever appeared.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from tests.small_programme import NOW, small_settings

from commonweal.pipeline.build import run_build
from commonweal.pipeline.progress import Silent


def die_when_work_begins(folder: Path) -> None:
    """Watch for scratch files, which exist only while something is being written."""
    while not list(folder.glob(".partial-*")):
        time.sleep(0.0005)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    home, folder = map(Path, sys.argv[1:])
    threading.Thread(target=die_when_work_begins, args=(folder,), daemon=True).start()
    run_build(small_settings(home), Silent(), now=NOW)

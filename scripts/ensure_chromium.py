"""Make sure there is a Chromium for the browser tests, and print where it is.

In this order: the one named in the environment variable CHROMIUM, one that is installed,
Debian's own package when run as root, and Playwright's own download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Find or install, then print the path."""
    path = find_installed() or install_from_debian() or install_from_playwright()
    if path is None:
        sys.exit(
            "No Chromium could be found or installed. Install one, or set CHROMIUM to its path."
        )
    print(path)


def find_installed() -> str | None:
    """A browser that is already there."""
    named = os.environ.get("CHROMIUM")
    if named and Path(named).is_file():
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install_from_debian() -> str | None:
    """Debian's package, when this machine is one and we may install."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
        command = ["apt-get", *arguments]
        if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode:
            return None
    return find_installed()


def install_from_playwright() -> str | None:
    """Playwright's own download, kept in the user's cache."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        return None
    script = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


if __name__ == "__main__":
    main()

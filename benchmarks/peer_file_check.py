"""Runs a checkout of aou-ehr-file-check on a folder: ``python peer_file_check.py CHECKOUT FOLDER``.

It runs under the Python that has the peer's own packages, so nothing of ours is imported.
"""

import importlib
import runpy
import sys

if __name__ == "__main__":
    checkout, folder = sys.argv[1:]
    sys.path.insert(0, checkout)
    settings = importlib.import_module("_settings")
    settings.csv_dir = folder  # type: ignore[attr-defined]  # where the peer looks for it
    sys.modules["settings"] = settings
    sys.argv = ["omop_file_validator.py"]
    runpy.run_path(f"{checkout}/omop_file_validator.py", run_name="__main__")

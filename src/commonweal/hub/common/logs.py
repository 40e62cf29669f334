"""What the operator's console shows."""

import logging


class WithoutTrace(logging.Filter):
    """Lets a record pass as one line: an odd request is no fault of the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback away."""
        record.exc_info = None
        return True

"""Splits blocks of CSV text into records and fields.

Only text whose structure is beyond doubt is split: at the first odd byte the answer is None.
"""

import numpy as np

from commonweal.intake.check.block import PAD, Bytes, Split
from commonweal.intake.check.loops import choose_loops

ASCII_END = 128


def split_records(data: Bytes, size: int, width: int, *, allow_nul: bool) -> Split | None:
    """Split the ``size`` bytes after the padding, which begin with a record of ``width`` fields.

    None when the text is not UTF-8, holds a stray quote or carriage return, a record of
    another width or, unless they are allowed, a NUL.
    """
    stop = PAD + size
    data[stop : stop + PAD] = 0
    edges = np.empty((width + 1, size // width + 2), dtype=np.int32)
    breaks = np.empty(size, dtype=np.int32)
    loops = choose_loops(size)
    rows, cut, broken, crlf = loops.find_edges(data, data.view("<u8"), stop, edges, breaks)
    if rows < 0 or not _is_text(data[PAD:cut], allow_nul=allow_nul):
        return None
    return Split(data, edges[:, :rows], cut, breaks[:broken], crlf)


def _is_text(text: Bytes, *, allow_nul: bool) -> bool:
    """Whether it is UTF-8 and has no NUL; it ends with a line, so no character is cut."""
    if not text.size:
        return True
    if not allow_nul and text.min() == 0:
        return False
    if text.max() < ASCII_END:
        return True
    try:
        str(text.data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True

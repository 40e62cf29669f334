"""Functions that run as machine code: loops over bytes that would take Python minutes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, and keep what was made for the next process.

    It is kept beside the source or in the user's cache folder. Where neither can be written
    it is compiled in every process, which takes a few seconds.

    A compiled function calls only such as stand in the same file: what is kept is made anew
    when that file changes, and not when another one does.
    """
    try:
        return cast(Function, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast(Function, numba.njit(nogil=True)(function))

"""No test reaches a network, and no warning passes unseen."""

import socket
import warnings

import pytest
from pytest_socket import SocketConnectBlockedError

PUBLIC_ADDRESS = ("192.0.2.1", 80)
"""An address kept free for documentation: nobody answers there."""


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_public_address_cannot_be_reached() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(PUBLIC_ADDRESS, timeout=1)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="something odd"):
        warnings.warn("something odd", stacklevel=1)


def test_a_deprecation_is_an_error() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)

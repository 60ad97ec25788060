"""Which machines the outside may point us to: public addresses only, by name resolution; who connects is left to outbound."""

from __future__ import annotations

import ipaddress
import socket

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out of IPv6; what lies beside it is local, or carries an IPv4 address in a way nobody should."""
_DOCUMENTS = ipaddress.IPv6Network("3fff::/20")


def resolve(host: str, port: int, *, private: bool) -> str:
    """The first address of a host. Where any of its addresses is not public and `private` is not set: PermissionError;
    a name that does not resolve: OSError. Connect to what is returned, so that a second look-up cannot differ.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not private and not all(is_public(address) for address in addresses):
        raise PermissionError(f"'{host}' is not on the public network")
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether an address is global unicast, also the one that an IPv6 address carries inside."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if address not in _GLOBAL or address in _DOCUMENTS:
            return False
    return address.is_global and not address.is_multicast

"""Whether an address is this machine's own.

Here: the question, for the address that the desk listens on and for who asks. Not here: what
follows from it (web/headers.py, web/password_pages.py, web/serving.py, accounts/openid.py).
"""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host; a name but `localhost` may lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False

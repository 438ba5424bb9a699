"""A stand-in for PrestaShop's Webservice, for the demo, tests and benchmarks.

Imports nothing of the rest of PPM.

    shop = PracticeShop(version="9.1")
with serve(shop) as served:
    requests.get(f"{served.url}/api/products", auth=(shop.key, ""))
"""

from __future__ import annotations

from .back_office import BackOffice
from .errors import DeedError, PhpDiedError, WebserviceError
from .faults import FaultError
from .picture import Change, Picture, difference
from .requests_log import RequestRecord
from .server import Served, serve
from .shop import DEFAULT_KEY, PracticeShop

__all__ = [
    "DEFAULT_KEY",
    "BackOffice",
    "Change",
    "DeedError",
    "FaultError",
    "PhpDiedError",
    "Picture",
    "PracticeShop",
    "RequestRecord",
    "Served",
    "WebserviceError",
    "difference",
    "serve",
]

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
from .requests_log import RequestRecord
from .server import Served, serve
from .shop import DEFAULT_KEY, PracticeShop

__all__ = [
    "DEFAULT_KEY",
    "BackOffice",
    "DeedError",
    "FaultError",
    "PhpDiedError",
    "PracticeShop",
    "RequestRecord",
    "Served",
    "WebserviceError",
    "serve",
]

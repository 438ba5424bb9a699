from __future__ import annotations

from flask import Flask


def work_commands(app: Flask) -> None:
    pass

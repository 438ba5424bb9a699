"""Whether the web process answers; for load balancers, so without sign-in and without details."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show() -> ResponseReturnValue:
    """It does."""
    return {"status": "ok"}

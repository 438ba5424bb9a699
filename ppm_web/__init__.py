"""PPM: one catalogue, many PrestaShop shops.

``create_app`` puts the house together: configuration, extensions, queue, views, commands.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask

from ppm_web import cli, config, extensions, queue, views

logging.getLogger("ppm").addHandler(logging.NullHandler())


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """A PPM application.

    ``settings`` override the environment (tests). Raises ``config.SettingError`` for a setting
    that cannot be used.
    """
    app = Flask(__name__, instance_relative_config=True)
    config.configure(app, settings or {})
    extensions.init_app(app)
    queue.init_app(app)
    views.init_app(app)
    cli.init_app(app)
    return app

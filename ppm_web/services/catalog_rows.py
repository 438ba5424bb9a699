"""An import file as numbered rows of text cells, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ppm_web.services.catalog_columns import Column
from ppm_web.services.catalog_csv import CsvSource
from ppm_web.services.catalog_errors import ImportFileError, quoted

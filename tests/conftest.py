"""What every test shares: no window system, no downloads, quiet threads."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

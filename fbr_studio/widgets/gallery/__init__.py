"""A gallery of images whose layout is arithmetic, so that 100,000 of them cost what one page costs."""

from __future__ import annotations

"""The catalogue's top categories (defined for the whole house in the kernel)."""

from __future__ import annotations

from market.kernel.categories import CATEGORY_LABELS, Category

__all__ = ["CATEGORY_LABELS", "Category"]

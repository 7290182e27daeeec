"""Forms made from the engine's config dataclasses."""

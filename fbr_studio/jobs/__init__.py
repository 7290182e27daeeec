"""The only threads of the window: one heavy job at a time, and light tasks whose latest request wins."""

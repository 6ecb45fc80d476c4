"""The clockwork: looks at the clock for the engine, and plays cases under a clock that jumps. Knows no web."""

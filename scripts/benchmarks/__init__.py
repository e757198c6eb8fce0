"""The measurements behind docs/performance.md; run by scripts/bench."""

"""How many, in words."""


def missing(count: int, unit: str) -> str:
    """Say `1 row is missing` or `3 rows are missing`."""
    return f"1 {unit} is missing" if count == 1 else f"{count} {unit}s are missing"

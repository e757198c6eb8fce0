"""Large letters drawn from pixels: two to a character cell, or one to two cells."""

from functools import lru_cache

_FONT = {
    "a": (".##.", "#..#", "####", "#..#", "#..#"),
    "c": (".###", "#...", "#...", "#...", ".###"),
    "d": ("###.", "#..#", "#..#", "#..#", "###."),
    "e": ("####", "#...", "###.", "#...", "####"),
    "f": ("####", "#...", "###.", "#...", "#..."),
    "g": (".###", "#...", "#.##", "#..#", ".###"),
    "h": ("#..#", "#..#", "####", "#..#", "#..#"),
    "i": ("###", ".#.", ".#.", ".#.", "###"),
    "l": ("#...", "#...", "#...", "#...", "####"),
    "m": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "n": ("#..#", "##.#", "#.##", "#..#", "#..#"),
    "o": (".##.", "#..#", "#..#", "#..#", ".##."),
    "p": ("###.", "#..#", "###.", "#...", "#..."),
    "r": ("###.", "#..#", "###.", "#.#.", "#..#"),
    "s": (".###", "#...", ".##.", "...#", "###."),
    "t": ("#####", "..#..", "..#..", "..#..", "..#.."),
    "u": ("#..#", "#..#", "#..#", "#..#", ".##."),
    "y": ("#...#", ".#.#.", "..#..", "..#..", "..#.."),
    " ": ("..", "..", "..", "..", ".."),
}
HEIGHT = 5
SMALL_ROWS = (HEIGHT + 1) // 2
LARGE_ROWS = HEIGHT


def _pixels(word: str) -> list[str]:
    return [".".join(_FONT[letter][row] for letter in word) for row in range(HEIGHT)]


@lru_cache
def small(word: str, half: str) -> list[str]:
    """Draw `word` three rows high with half blocks (`half`: none, upper, lower, both)."""
    rows = _pixels(word)
    rows.append("." * len(rows[0]))
    return [
        "".join(half[(up == "#") + 2 * (low == "#")] for up, low in zip(top, bottom, strict=True))
        for top, bottom in zip(rows[::2], rows[1::2], strict=True)
    ]


@lru_cache
def large(word: str, block: str) -> list[str]:
    """Draw `word` five rows high, each pixel two cells of the character `block`."""
    return [row.replace("#", block * 2).replace(".", "  ") for row in _pixels(word)]


def width(word: str) -> int:
    """Columns that `small` needs; `large` needs twice as many."""
    return len(_pixels(word)[0])

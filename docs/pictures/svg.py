"""Writes the screen of a terminal, as `tmux capture-pane -e` prints it, as an SVG: svg.py COLUMNS TITLE < SCREEN > SVG

The colours are the window's own, so that the picture can be read on light and on dark pages. It holds and fetches no fonts.
"""

import re
import sys

from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text


def colour(hexadecimal):
    return tuple(bytes.fromhex(hexadecimal))


def colours(text):
    return [colour(hexadecimal) for hexadecimal in text.split()]


THEME = TerminalTheme(
    colour("1b1f27"),
    colour("d8dee9"),
    colours("2b313c e06c75 98c379 e5c07b 61afef c678dd 56b6c2 c8cfda"),
    colours("7a8494 f28b93 b5db98 f3d79a 8cc8ff da9bec 7fd2dc ffffff"),
)
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
FORMAT = re.sub(r"@font-face {{.*?}}\s*", "", CONSOLE_SVG_FORMAT, flags=re.S).replace("Fira Code, monospace", FONTS)

columns, title = sys.argv[1:]
with open("/dev/null", "w") as nowhere:
    console = Console(record=True, width=int(columns), height=50, file=nowhere, force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(sys.stdin.read()), no_wrap=True, crop=True, end="")
    print(console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id="terminal"))

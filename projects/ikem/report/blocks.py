"""What sections of a page are made of; ``page.html.j2`` draws them."""

import base64
import io
from datetime import timedelta
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from matplotlib.figure import Figure

from ikem_cli.errors import describe

# Larger ones are smaller as pixels.
_MOST_SVG_BYTES = 120_000


class Note(NamedTuple):
    """A sentence."""

    text: str
    kind = 'note'


class Missing(NamedTuple):
    """Why something is not there."""

    text: str
    kind = 'missing'


class Table(NamedTuple):
    """A table, whose first column names the rows.

    Args:
        header (sequence[str]): Names of the columns.
        rows (sequence[sequence[str]]): Texts.
        links (sequence[str]): Anchor of each row on the page, if any.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    links: Sequence[str] = ()
    kind = 'table'

    @property
    def numeric(self) -> List[bool]:
        """Whether the cells of each column are numbers, or empty."""
        columns = zip(*self.rows)
        return [all(c[:1] in '-0123456789' for c in x) for x in columns]


class Picture(NamedTuple):
    """A picture.

    Args:
        source (str): Its data URI.
        caption (str): What it shows.
        width (int): Width in CSS pixels that it is made for.
    """

    source: str
    caption: str
    width: int


class Pictures(NamedTuple):
    """Pictures side by side where there is room."""

    pictures: Sequence[Picture]
    kind = 'pictures'


class Details(NamedTuple):
    """Text that is shown on request.

    Args:
        summary (str): What it is.
        text (str): The text, line by line.
        anchor (str): Its anchor on the page, if any.
        blocks (sequence): What else belongs there.
    """

    summary: str
    text: str
    anchor: str = ''
    blocks: Sequence = ()
    kind = 'details'


class Section(NamedTuple):
    """A section.

    Args:
        title (str): Its title.
        blocks (sequence): Its blocks.
    """

    title: str
    blocks: Sequence


class Page(NamedTuple):
    """A page.

    Args:
        title (str): Its title.
        kind (str): What it is about.
        tiles (sequence[tuple[str, str]]): What to know first, and its name.
        sections (sequence[Section]): The sections.
    """

    title: str
    kind: str
    tiles: Sequence[Tuple[str, str]]
    sections: Sequence[Section]


def section(title: str, make: Callable[..., List], *args) -> Section:
    """A section, in place of which an error is told.

    Args:
        title (str): Its title.
        make (callable): Makes its blocks.
        *args: Its arguments.
    """
    try:
        return Section(title, make(*args))
    # a work dir can be damaged in any way; the rest is worth reading
    except Exception as error:
        return Section(title, [Missing(describe(error))])


def picture(figure: Figure, caption: str, vector: bool = True) -> Picture:
    """A Figure as a part of the page, on its own white ground.

    Args:
        figure (Figure): The Figure.
        caption (str): What it shows.
        vector (bool): Whether as SVG, unless that is large, rather than as
            pixels. Defaults to True.
    """
    width = round(88 * figure.get_figwidth())  # two panels beside each other
    if vector:
        svg = _saved(figure, format='svg', metadata=dict(Date=None))
        if len(svg) <= _MOST_SVG_BYTES:
            return Picture(_uri(svg, 'svg+xml'), caption, width)
    # more than they take on the page, for screens that show them
    webp = _saved(figure, format='webp', dpi=150, pil_kwargs=dict(quality=80))
    return Picture(_uri(webp, 'webp'), caption, width)


def _saved(figure: Figure, **options) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


def percent(fraction: Optional[float]) -> str:
    """A fraction in percent; empty if there is none."""
    return '' if fraction is None else f'{100 * fraction:.1f}'


def duration(seconds: Optional[float]) -> str:
    """A time in hours, minutes and seconds; empty if there is none."""
    return '' if seconds is None else str(timedelta(seconds=round(seconds)))

"""From a work dir to the page."""

import time
from pathlib import Path

import jinja2
import matplotlib

from projects.ikem.files import written_aside
from projects.ikem.version import __version__
from projects.ikem.work_dir import WorkDir

from .blocks import Page
from .run_sections import run_page
from .suite_sections import is_suite, suite_page

_STYLE = {
    'svg.fonttype': 'none',  # texts, in a font of the reader
    'svg.hashsalt': 'ikem',  # the same file of the same data
    'text.parse_math': False,  # a name may hold a dollar
}


def write_report(work_dir: Path, out: Path, max_clips: int = 300) -> None:
    """Write the page of a run or of a suite, one file that needs no other.

    What cannot be made is told in its place. Paths in configs are relative to
    the current folder, as for training.

    Args:
        work_dir (Path): Work dir of ``tools/train.py`` or of
            ``tools/reproduce.py``.
        out (Path): The file.
        max_clips (int): Clips of a split that pass through the encoders at
            most, for confusions, embedding and neighbours; drawn at random
            of more. 0 leaves them out. Defaults to 300.

    Raises:
        FileNotFoundError: If there is no such work dir.
        OSError: If the file cannot be written.
    """
    with matplotlib.rc_context(_STYLE):
        page = _collect(work_dir, max_clips)
    with written_aside(out) as path:
        path.write_text(render(page), encoding='utf-8')


def _collect(work_dir: Path, max_clips: int) -> Page:
    # a suite first: its folder may hold a config as well
    if is_suite(work_dir):
        return suite_page(work_dir, max_clips)
    run = WorkDir(work_dir.resolve())
    if run.is_training():
        return run_page(run, max_clips)
    raise FileNotFoundError(
        f'{work_dir} is no work dir: give that of a training, with its config '
        'and logs, or that of a suite, with its tables'
    )


def render(page: Page) -> str:
    """HTML of a page; what it says is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template('page.html.j2').render(
        page=page, version=__version__, date=time.strftime('%Y-%m-%d %H:%M')
    )

"""The command ``ikem``: the scripts of ``tools/``, from any folder."""

import ast
import fnmatch
import os
import sys
import types
from difflib import get_close_matches
from pathlib import Path
from typing import List, NoReturn

from .places import CONFIGS, TOOLS

# Names of one or two words, and scripts below the folder of tools.
COMMANDS = {
    'train': 'train.py',
    'test': 'test.py',
    'dist-train': 'dist_train.sh',
    'dist-test': 'dist_test.sh',
    'slurm-train': 'slurm_train.sh',
    'slurm-test': 'slurm_test.sh',
    'reproduce': 'reproduce.py',
    'report': 'report.py',
    'features': 'features.py',
    'explore': 'explore.py',
    'few-labels': 'few_labels.py',
    'quickstart': 'quickstart.py',
    'make-synthetic': 'data/make_synthetic.py',
    'prepare ntu': 'data/prepare_ntu.py',
    'prepare nwucla': 'data/prepare_nwucla.py',
    'prepare pkummd': 'data/prepare_pkummd.py',
    'prepare kinect': 'data/prepare_kinect.py',
    'prepare pose-pickle': 'data/prepare_pose_pickle.py',
    'prepare crossclr': 'data/prepare_crossclr.py',
    'label-subset': 'data/label_subset.py',
    'demo': '../demo/demo_skeleton.py',
    'browse': 'visualizations/browse_dataset.py',
    'curves': 'visualizations/plot_curves.py',
    'embed': 'visualizations/embed.py',
    'confusion': 'visualizations/confusion.py',
    'retrieve': 'visualizations/retrieve.py',
    'fuse': 'analysis_tools/fuse_scores.py',
    'baselines': 'analysis_tools/baselines.py',
    'flops': 'analysis_tools/get_flops.py',
    'export-onnx': 'deployment/export_onnx.py',
    'publish': 'model_converters/publish.py',
    'convert': 'model_converters/convert_released.py',
    'benchmark step': 'benchmark/step_time.py',
    'benchmark data': 'benchmark/dataloader.py',
    'benchmark passes': 'benchmark/pass_cost.py',
    'benchmark exchange': 'benchmark/exchange_loss.py',
    'benchmark linear': 'benchmark/linear_eval.py',
}


def main() -> None:
    """Run the command that the command line names."""
    words = sys.argv[1:]
    if not words or words[0] in ('-h', '--help', 'help'):
        print(overview())
    elif words[0] == 'configs':
        list_configs(words[1:])
    elif ' '.join(words[:2]) in COMMANDS:
        run(' '.join(words[:2]), words[2:])
    elif words[0] in COMMANDS:
        run(words[0], words[1:])
    elif len(words) == 2 and words[1] in ('-h', '--help') and group(words[0]):
        print(overview(words[0]))
    else:
        sys.exit(unknown(words))


def overview(first: str = '') -> str:
    """The commands, or those of two words that begin with one."""
    names = group(first) or [*COMMANDS, 'configs']
    width = max(map(len, names)) + 2
    lines = [f'  {name:{width}}{summary(name)}' for name in names]
    return '\n'.join(
        [
            f'usage: ikem {first or "COMMAND"} ...',
            '',
            *lines,
            '',
            'ikem COMMAND --help tells more. A config is a path, or the name',
            'of one that `ikem configs` lists. data/ and work_dirs/ are those',
            'of the current folder.',
        ]
    )


def group(first: str) -> List[str]:
    """The commands of two words that begin with one."""
    return [name for name in COMMANDS if name.startswith(f'{first} ')]


def summary(name: str) -> str:
    """The first line of the script's docstring, or comment."""
    if name == 'configs':
        return 'List the configs that are shipped: ikem configs [PATTERN]'
    text = script(name).read_text('utf-8')
    if script(name).suffix == '.sh':
        return text.splitlines()[1].lstrip('# ')
    return ast.get_docstring(ast.parse(text)).splitlines()[0].replace('``', '')


def script(name: str) -> Path:
    """The script of a command."""
    return (TOOLS / COMMANDS[name]).resolve()


def unknown(words: List[str]) -> str:
    """What to say where no command is meant."""
    below = group(words[0])
    if below:
        return f'ikem: give one of: {", ".join(below)}'
    close = get_close_matches(words[0], [*COMMANDS, 'configs'], 1)
    hint = f'did you mean {close[0]}?' if close else 'ikem --help lists them'
    return f'ikem: no command {words[0]!r}: {hint}'


def list_configs(args: List[str]) -> None:
    """Print the names of the shipped configs that fit a pattern."""
    usage = (
        'usage: ikem configs [PATTERN]\n\n'
        'Names of the shipped configs; PATTERN as in a shell, or a part\n'
        "of the name: ikem configs 'linear/*ntu60*'"
    )
    if args[:1] in (['-h'], ['--help']):
        print(usage)
        return
    if len(args) > 1:
        print(usage, file=sys.stderr)
        sys.exit(2)
    pattern, names = (args or [''])[0], []
    for path in sorted(CONFIGS.glob('*/*.py')):
        name = path.relative_to(CONFIGS).as_posix()
        fits = pattern in name or fnmatch.fnmatchcase(name, pattern)
        if fits and not name.startswith(('_base_/', 'suites/')):
            names.append(name)
    if not names:
        sys.exit(
            f'ikem configs: none fits {pattern!r}: ikem configs lists all'
        )
    print('\n'.join(names))


def run(name: str, args: List[str]) -> None:
    """Be the script of a command."""
    path = script(name)
    if path.suffix == '.sh':
        execute_shell(path, f'ikem {name}', args)
    # what is printed, and what the script finds beside it
    sys.argv = [f'ikem {name}', *args]
    sys.path.insert(0, str(path.parent))
    # spawned processes take __file__ for the main module
    main_module = types.ModuleType('__main__')
    main_module.__file__ = str(path)
    sys.modules['__main__'] = main_module
    code = compile(path.read_bytes(), str(path), 'exec')
    exec(code, vars(main_module))


def execute_shell(path: Path, prog: str, args: List[str]) -> NoReturn:
    """Become a script of bash, with this interpreter."""
    environment = dict(os.environ, IKEM_PROG=prog, PYTHON=sys.executable)
    os.execvpe('bash', ['bash', str(path), *args], environment)


def as_typed(command: str) -> str:
    """A command line of the repository, as one types it in this folder.

    Args:
        command (str): Such as ``python tools/data/prepare_ntu.py RAW OUT``.
    """
    if Path('tools').resolve() == TOOLS:
        return command
    for name, path in COMMANDS.items():
        command = command.replace(f'python tools/{path} ', f'ikem {name} ')
    return command

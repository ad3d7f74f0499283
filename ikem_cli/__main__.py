"""``python -m ikem_cli`` is the command ``ikem``."""

from .command import main

main()

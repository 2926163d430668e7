"""Letting a person change a text in the editor of his choice."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from warehouse.errors import OperatorError


def edit(text: str, suffix: str) -> str:
    """Open a text in ``$VISUAL``, else ``$EDITOR``, else vi, and return what became of it.

    Args:
        text: What to begin with.
        suffix: End of the file's name, by which editors know the language.

    Raises:
        OperatorError: There is no such editor, it failed, or it left no text.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        path = Path(folder) / f"event{suffix}"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise OperatorError(
                f"{editor} (of $VISUAL or $EDITOR) left nothing to read: {error}"
            ) from error

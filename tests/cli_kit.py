"""A command run in this process, with what it said."""

import json

import pytest

from emgfeedback.cli.main import main


class Ran:
    """Exit code, standard output and standard error of a command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: object) -> None:
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        self.code = int(end.value.code or 0)
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> dict:
        return json.loads(self.out)

"""What can go wrong, and the exit code that says so.

EmgFeedbackError            1
├── UsageError              2   wrong command, option, name or address
│   └── ProtocolNotFound    2   no exercise of that name
├── SourceError             3   port, board, lost for good
├── InputError              4   a file or a value that cannot be used
│   ├── ProtocolError       4   an exercise file with mistakes (all of them, one a line)
│   └── CalibrationError    4   no trustworthy rest or reference
└── RecordingError          5   the recording could not be kept

Every message is one sentence: where, what came, what to do. A traceback is for ``--debug`` only.
"""

from __future__ import annotations


class EmgFeedbackError(Exception):
    """Root of all failures that a user can meet."""

    exit_code = 1


class UsageError(EmgFeedbackError):
    """The command, an option, a name or an address is wrong."""

    exit_code = 2


class ProtocolNotFound(UsageError):
    """No exercise file has this name."""


class SourceError(EmgFeedbackError):
    """The samples cannot be had: port, board, or a stream lost for good."""

    exit_code = 3


class InputError(EmgFeedbackError):
    """A file or value is missing, damaged or unsuitable."""

    exit_code = 4


class ProtocolError(InputError):
    """An exercise file has mistakes; the message lists all of them."""


class CalibrationError(InputError):
    """Rest or reference cannot be trusted, or belongs to another chain."""


class RecordingError(EmgFeedbackError):
    """The recording could not be written; the last whole record is kept."""

    exit_code = 5

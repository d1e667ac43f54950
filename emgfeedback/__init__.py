"""Surface-EMG biofeedback that shows, live and in replay, which muscle does the work.

For training and research; not a medical device.
"""

from __future__ import annotations

__version__ = "0.1.0"

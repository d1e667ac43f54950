"""``python -m emgfeedback``."""

from emgfeedback.cli.main import main

if __name__ == "__main__":
    main()

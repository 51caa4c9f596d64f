"""``python -m opshub`` is the ``opshub`` command."""

from __future__ import annotations

from opshub.cli import main

if __name__ == "__main__":
    main()

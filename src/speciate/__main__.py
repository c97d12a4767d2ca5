"""`python -m speciate` is the command `speciate`."""

from speciate.cli import main

if __name__ == "__main__":
    main()

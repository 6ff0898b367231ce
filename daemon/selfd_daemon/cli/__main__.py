"""`python -m selfd_daemon.cli`: the command for those who know the Python and not the PATH."""

from selfd_daemon.cli import main

if __name__ == "__main__":
    main()

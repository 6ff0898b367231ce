"""Starting with the session: a LaunchAgent on macOS, a systemd user unit on Linux.

The templates lie in the top-level folder launchd/; `installer.py` fills them and asks the system.
"""

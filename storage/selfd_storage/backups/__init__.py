"""Backup files: everything that cannot be made again in one compressed file, encrypted on request.

`write_backup` makes one and reads it back, `restore_backup` puts one into a new folder.
"""

from selfd_storage.backups.restoring import Restored, restore_backup
from selfd_storage.backups.writing import write_backup

__all__ = ["Restored", "restore_backup", "write_backup"]

"""Backups: on request and every night, with the oldest nightly ones making room."""

from selfd_daemon.backups.service import BackupService

__all__ = ["BackupService"]

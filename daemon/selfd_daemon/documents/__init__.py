"""Reading files on this machine: what is read, by which reader, cut into which pieces.

The door is `selfd_daemon.documents.service`; it is not opened here, because the child process that
reads the files imports this package and needs nothing of it but the readers.
"""

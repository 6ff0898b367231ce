"""Following feeds: politely fetched, read in a child process, stored without active content.

Nothing is imported here: the child that reads feeds imports `parsing.reading` and must stay small.
The service that implements the API's port is `selfd_daemon.feeds.service`.
"""

"""ServiceError             an expected failure of a service, shown to the client with its code
"""

from __future__ import annotations


class ServiceError(Exception):
    """An expected failure: `code` goes into the error's extensions, the message to the person.

    Codes are upper-case words: NOT_FOUND, INVALID_INPUT, TOO_LARGE, UNREACHABLE, NOT_A_FEED, ...
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

"""MindError                     a ServiceError, so that its code and message reach the client
├── MindFieldError            what a mind was described or asked with is out of range
├── MindLimitError            the prompt does not fit into the mind's context
├── MindAbilityError          a mind of this kind cannot do that
├── MindBusyError             too many requests wait for this mind
├── MindUnavailableError      the model cannot be loaded, and why
│   ├── MindTooLargeError     it does not fit into this machine's memory; says what would
│   └── MindMissingError      its folder, file or hub name is not here
├── MindPeerError             the server behind the mind refused, hung or sent nonsense
├── MindAddressError          the server is on another machine that the owner has not allowed
└── MindOfflineError          selfd was told to open no connections
"""

from __future__ import annotations

from typing import Any, ClassVar

from selfd_graphql.errors import ServiceError


class MindError(ServiceError):
    """Base of what asking a mind can fail with; the message is for the person."""

    CODE: ClassVar[str]

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(self.CODE, message, **facts)


class MindFieldError(MindError):
    """What a mind was described or asked with is out of range."""

    CODE = "INVALID_INPUT"


class MindLimitError(MindError):
    """The prompt does not fit into the mind's context."""

    CODE = "TOO_LARGE"


class MindAbilityError(MindError):
    """A mind of this kind cannot do that."""

    CODE = "UNSUPPORTED"


class MindBusyError(MindError):
    """Too many requests wait for this mind; trying again later helps."""

    CODE = "MIND_BUSY"


class MindUnavailableError(MindError):
    """The model cannot be loaded; the message says why."""

    CODE = "MODEL_UNAVAILABLE"


class MindTooLargeError(MindUnavailableError):
    """The model does not fit into this machine's memory; the message says what would."""

    CODE = "MODEL_TOO_LARGE"


class MindMissingError(MindUnavailableError):
    """The folder, file or hub name of the model is not here."""

    CODE = "MODEL_MISSING"


class MindPeerError(MindError):
    """The server behind the mind refused, hung, broke off or sent nonsense."""

    CODE = "UNREACHABLE"


class MindAddressError(MindError):
    """The server is on another machine; the message names the setting that allows it."""

    CODE = "PRIVATE_ADDRESS"


class MindOfflineError(MindError):
    """selfd was told to open no connections."""

    CODE = "OFFLINE"

"""The two exceptions of the package."""


class Error(Exception):
    """Something was asked that cannot be done now, or a device, address or setting is wrong.

    The message is a sentence that names what was tried.
    """


class Hangup(Exception):
    """The call is over (its state is IDLE), so what was asked has no line to happen on.

    Not an Error: the reference raises the two for different reasons, and an application that treats a lost
    call as ordinary must not swallow its own mistakes with it.
    """

"""faxline: fax on your own telephone hardware.

from faxline import CallChannel, FaxToSend

with CallChannel("sim:") as channel:
    if channel.call("5550100") == channel.State.ANSWERED:
        cause = channel.FaxSender.send(FaxToSend("letter.tif"))
        print(cause, channel.FaxSender.Details.pages)
"""

from faxline import sim
from faxline._devices.ports import FoundDevice, devices
from faxline._lines.stream import EventStream
from faxline._version import __version__
from faxline.causes import CallCause, CallState, FaxCause, ReceiveState, SendState
from faxline.channel import CallChannel
from faxline.confirmation import Confirmation
from faxline.cover import Cover
from faxline.details import CallDetails, FaxDetails
from faxline.document import FaxToSend
from faxline.errors import Error, Hangup
from faxline.preview import Preview
from faxline.receiver import CallFaxReceiver
from faxline.sender import CallFaxSender
from faxline.storage import FaxToReceive

__all__ = [
    "CallCause",
    "CallChannel",
    "CallDetails",
    "CallFaxReceiver",
    "CallFaxSender",
    "CallState",
    "Confirmation",
    "Cover",
    "Error",
    "EventStream",
    "FaxCause",
    "FaxDetails",
    "FaxToReceive",
    "FaxToSend",
    "FoundDevice",
    "Hangup",
    "Preview",
    "ReceiveState",
    "SendState",
    "__version__",
    "devices",
    "sim",
]

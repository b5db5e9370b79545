"""A Veza on loopback, with TLS, as strict as the real one about what it accepts, and that can fail on demand."""

from tests.outputs.veza.fake.server import Call, FakeVeza, call_of, error
from tests.outputs.veza.fake.wire import Answer, Cut, Endless, Fault, Request

__all__ = ["Answer", "Call", "Cut", "Endless", "FakeVeza", "Fault", "Request", "call_of", "error"]

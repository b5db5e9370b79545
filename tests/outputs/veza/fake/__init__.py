"""A Veza on loopback, with TLS, as strict as the real one about what it accepts, and that can fail on demand."""

from tests.outputs.veza.fake.server import Answer, Call, Cut, FakeVeza, Fault, Request, Silence, error

__all__ = ["Answer", "Call", "Cut", "FakeVeza", "Fault", "Request", "Silence", "error"]

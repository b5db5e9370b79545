"""Checks that every answer is made for our account, and proves the login from time to time.

An answer that names the account needs no proof. One that does not is valid only when it lies between two proofs
of the login: a proof is an answer to a question that only signed-in accounts may ask.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from connector.errors import SourceError
from connector.rest.answer import Answer
from connector.rest.clock import Clock
from connector.rest.diagnosis import sentence
from connector.rest.journal import CONFIRMED
from connector.sources.datacenter.diagnosis import account_of
from connector.sources.datacenter.problems import Problem

log = logging.getLogger(__name__)

_ANSWERS_BETWEEN_PROOFS = 500
"""Where no answer names the account."""
_SECONDS_BETWEEN_PROOFS = 5.0
"""Where only some refusals do not name it: one proof confirms all refusals before it."""
_LOST = "The login was lost while the export ran"


class Login:
    """Shared by all workers; watches nothing before `begin`.

    `prove` asks for a proof of the login and raises `SourceError` where there is none. `confirm` is told the number of
    each proof that succeeded; `proofs` is how many there were in earlier runs that this one resumes.
    """

    def __init__(self, clock: Clock, prove: Callable[[], Answer]) -> None:
        self.account: str | None = None
        """The account that answers name; None before `begin`, and where no proof names one."""
        self.confirm: Callable[[int], None] = lambda _: None
        self.proofs = 0
        self._clock = clock
        self._prove = prove
        self._lock = threading.Lock()
        self._begun = False
        self._expected: str | None = None
        """The one account that any answer may name: the proof's, or that of the credentials, or else the first."""
        self._proof_began = clock.now()
        self._unconfirmed = 0
        """Answers without the account's name since the last proof began."""

    def begin(self, proof: Answer, configured: str | None) -> None:
        """Expect every answer from now on to name the account that a proof names.

        `configured` is the name that the credentials have, if any. Raises `SourceError` where the two differ.
        """
        self.account = account_of(proof)
        self._expected = self.account or configured
        self._begun = True
        if self.account is None:
            log.warning(
                "Bitbucket's answers do not name the account (no X-AUSERNAME header; a proxy may strip it): "
                "the login is proved again from time to time, and before anything is published"
            )
        elif configured is not None and configured.lower() != self.account.lower():
            raise SourceError(
                f"BITBUCKET_USER is {configured!r}, but Bitbucket answers as to {self.account!r}, and the export would "
                "show what that account may see. If this is another name of the same account, set BITBUCKET_USER to "
                "it; if not, look for a proxy that signs in for others"
            )
        else:
            log.info("signed in as %s", self.account)

    def watch(self, answer: Answer) -> int:
        """Check for whom an answer was made, and prove the login where that is due.

        Gives the number of the proof that confirms the answer: one that is still to come, or `CONFIRMED`.
        """
        if not self._begun:
            return CONFIRMED
        self._check_account(answer)
        if account_of(answer) is None or self.account is None:
            return self._wait_for_a_proof(answer)
        return CONFIRMED

    def verify(self) -> None:
        """Prove the login a last time where an answer since the last proof did not name the account."""
        if self._unconfirmed or self.account is None:
            self._prove_again()

    def _check_account(self, answer: Answer) -> None:
        name = account_of(answer)
        if name is None:
            return
        self._expected = self._expected or name
        if name.lower() != self._expected.lower():
            raise SourceError(
                f"Bitbucket answered as {name!r} what was asked as {self._expected!r}: "
                "nothing of such a mixture can be published. Check proxies that sign in for others"
            )

    def _wait_for_a_proof(self, answer: Answer) -> int:
        if self.account is not None and answer.status == 200:  # noqa: PLR2004 - OK
            raise SourceError(
                f"{_LOST}: an answer names no account any more, so it shows only what is public. "
                f"{sentence(Problem.NOT_SIGNED_IN.value.advice)}"
            )
        with self._lock:
            self._unconfirmed += 1
            number = self.proofs + 1
            is_due = self._is_due()
        if is_due:
            self._prove_again()
        return number

    def _is_due(self) -> bool:
        if self.account is None:
            return self._unconfirmed >= _ANSWERS_BETWEEN_PROOFS
        return self._clock.now() - self._proof_began >= _SECONDS_BETWEEN_PROOFS

    def _prove_again(self) -> None:
        """Prove that the login still holds. Raises `SourceError` where it was lost."""
        with self._lock:
            self.proofs += 1
            number, self._proof_began, self._unconfirmed = self.proofs, self._clock.now(), 0
        try:
            proof = self._prove()
        except SourceError as error:
            raise SourceError(f"{_LOST}: {error}") from None
        self._check_account(proof)
        self.confirm(number)

"""Errors that a user can cause; the web layer turns each into one sentence at the right place."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal with a plain Chinese sentence (a catalogue key) and named parameters.

    `message` is a literal marked with `N_`; `%(name)s` parts are filled from `params` after translation.
    `field` names the form field it belongs to, where there is one.
    """

    status = 409

    def __init__(self, message: str, *, field: str | None = None, **params: object) -> None:
        self.message = message
        self.field = field
        self.params = params
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The untranslated sentence with its parameters filled in."""
        return self.message % self.params if self.params else self.message


class Refused(DomainError):
    """A rule says no: the input or the moment does not allow the act."""

    status = 422


class Forbidden(DomainError):
    """The actor lacks the permit."""

    status = 403


class NotFound(DomainError):
    """No such object, or it is outside the actor's scope: both look the same."""

    status = 404


class Stale(DomainError):
    """Somebody else changed the object first."""

    status = 409

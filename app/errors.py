"""Every failure that a person can meet.

* WhiskError
  + InvalidInput           it can never work as written; `field` names the field
  + NotFound               nothing has that id
  + Conflict               it cannot be done now
  + NotAllowed             this person may not do it
  + ProviderError          a provider could not paint the picture
    - TryLater             nothing was charged; worth another attempt after a while
      . RateLimited        the whole provider cools down
      . QuotaExhausted     the quota of the day is used up; the provider is parked until `until`
    - Rejected             another attempt with the same words will not help
      . NotConfigured      a key is missing or refused; the provider waits for one
    - Uncertain            the request left and no answer came: it may have been charged

Each carries a stable `code`. Its sentence is `error.<code>` of the word catalogues, in English
here; a page translates it with the same `params`.
"""

from app.words import Words

_english = Words("en")


class WhiskError(Exception):
    """A failure with a stable code and a sentence that says what happened and what to do next."""

    http_status = 500

    def __init__(self, code: str, *, field: str = "", **params: object) -> None:
        self.code = code
        self.field = field
        self.params = {name: str(value) for name, value in params.items()}
        super().__init__(_english(f"error.{code}", **params))

    @property
    def message(self) -> str:
        """The English sentence."""
        return str(self)


class InvalidInput(WhiskError):
    """The request can never work as written."""

    http_status = 422


class NotFound(WhiskError):
    """Nothing has that id."""

    http_status = 404


class Conflict(WhiskError):
    """It cannot be done now, but perhaps later."""

    http_status = 409


class NotAllowed(WhiskError):
    """This person may not do it."""

    http_status = 403


class ProviderError(WhiskError):
    """A provider could not paint the picture."""

    http_status = 502


class TryLater(ProviderError):
    """The answer proves that nothing was charged, and another attempt may succeed.

    Attributes:
        retry_after: Seconds the provider asked us to wait, or None for our own backoff.
    """

    def __init__(
        self, code: str, *, retry_after: float | None = None, field: str = "", **params: object
    ) -> None:
        super().__init__(code, field=field, **params)
        self.retry_after = retry_after


class RateLimited(TryLater):
    """Too many requests: every worker leaves the provider alone for a while."""


class QuotaExhausted(TryLater):
    """The quota of the day is used up; `retry_after` is the time until it is renewed."""


class Rejected(ProviderError):
    """Refused, malformed or unknown: the same request will fail again."""


class NotConfigured(Rejected):
    """The provider's key is missing or was refused."""


class Uncertain(ProviderError):
    """The request left and its outcome is unknown: it may have been charged."""

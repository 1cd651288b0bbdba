"""Calls of the Google Sheets API: paced, tried again where that helps, and their failures said in words."""

import random
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any, TypeVar

import google.auth
import gspread
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from gspread.exceptions import APIError, SpreadsheetNotFound
from gspread.urls import SPREADSHEETS_API_V4_BASE_URL
from requests import RequestException

from app.feedback.store import StoreUnavailable

API_ENDPOINT = "https://sheets.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
LONGEST_PAUSE = 8.0  # seconds between two tries
SOON, A_MINUTE, AFTER_REPAIR = 10, 60, 300  # seconds until it is worth to try again
FAILURES = (APIError, SpreadsheetNotFound, PermissionError, GoogleAuthError, RequestException)

T = TypeVar("T")


class Refused(StoreUnavailable):
    """What Google answers 400: to ask again for the same does not help, to look at the spreadsheet again may."""


class SheetsCalls:
    """One spreadsheet, opened by its key with the first call. For one thread at a time.

    Args:
        credentials: google-auth's; the application default ones where None.
        timeout: seconds that Google may be silent in a call.
        tries: of a call, at most.
        backoff: seconds that the pause after a first failure may take; it doubles with each.
        write_interval: seconds from the start of a write call to that of the next, tries included.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        credentials: google.auth.credentials.Credentials | None,
        *,
        api_endpoint: str = API_ENDPOINT,
        timeout: float,
        tries: int,
        backoff: float,
        write_interval: float = 0.0,
    ):
        self._id, self._credentials, self._endpoint = spreadsheet_id, credentials, api_endpoint
        self._timeout, self._tries, self._backoff = timeout, tries, backoff
        self._write_interval, self._next_write = write_interval, 0.0
        self._spreadsheet: gspread.Spreadsheet | None = None
        self._client: gspread.Client | None = None
        self.writes = 0

    def read(self, function: Callable[[gspread.Spreadsheet], T], until: float) -> T:
        """What `function` makes of the spreadsheet, tried again where that helps and there is time `until` then.

        Raises Refused, StoreUnavailable.
        """
        return self._try(function, until, lambda: None)

    def write(self, function: Callable[[gspread.Spreadsheet], T], until: float) -> T:
        """As `read`, of one write call, at its pace. A call that failed may have been carried out all the same."""
        return self._try(function, until, self._take_turn)

    def wait_for_turn(self) -> None:
        """Return when the next write call may start."""
        sleep(max(0.0, self._next_write - monotonic()))

    def close(self) -> None:
        if self._client:
            self._client.http_client.session.close()

    def _take_turn(self) -> None:
        self.wait_for_turn()
        self._next_write = monotonic() + self._write_interval
        self.writes += 1

    def _try(self, function: Callable[[gspread.Spreadsheet], T], until: float, before: Callable[[], None]) -> T:
        for tried in range(1, self._tries + 1):
            try:
                spreadsheet = self._open()
                before()
                return function(spreadsheet)
            except FAILURES as error:
                passing, problem = self._explain(error)
                pause = random.uniform(0, min(LONGEST_PAUSE, self._backoff * 2 ** (tried - 1)))
                if not passing or tried == self._tries or monotonic() + pause >= until:
                    raise problem from error
            sleep(pause)
        raise AssertionError("a call is tried at least once")

    def _open(self) -> gspread.Spreadsheet:
        if self._client is None:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[SCOPE])
            self._client = gspread.Client(self._credentials, http_client=partial(_HTTPClient, self._endpoint))
            self._client.set_timeout(self._timeout)
        if self._spreadsheet is None:
            self._spreadsheet = self._client.open_by_key(self._id)
        return self._spreadsheet

    def _explain(self, error: Exception) -> tuple[bool, StoreUnavailable]:
        """Whether to try again helps, and what to say where it does not."""
        # gspread makes exceptions of its own of some answers to the call that opens a spreadsheet.
        error = error.__cause__ if isinstance(error.__cause__, APIError) else error
        if isinstance(error, APIError):
            return self._explain_status(error.response.status_code, str(error.error.get("message", ""))[:300])
        if isinstance(error, DefaultCredentialsError):
            problem = (
                "There are no Google credentials. Set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file,"
                f" or run as a service account (doc/data_pipeline.md). Google's library says: {str(error)[:300]}"
            )
            return False, StoreUnavailable(problem, AFTER_REPAIR)
        if isinstance(error, RefreshError) and not error.retryable:
            problem = "Google refuses the credentials. Make a new key for the service account, or log in again."
            return False, StoreUnavailable(problem, AFTER_REPAIR)
        # The class alone: the text of these may hold addresses with keys in them.
        return True, StoreUnavailable(f"Google Sheets cannot be reached ({type(error).__name__}).", SOON)

    def _explain_status(self, status: int, said: str) -> tuple[bool, StoreUnavailable]:
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return True, StoreUnavailable("Google Sheets takes no more calls in this minute.", A_MINUTE)
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return True, StoreUnavailable(f"Google Sheets fails to answer (status {status}).", SOON)
        if status == HTTPStatus.BAD_REQUEST:
            return False, Refused(f"Google Sheets refuses the call: {said}", SOON)
        if status == HTTPStatus.NOT_FOUND:
            problem = f"There is no spreadsheet {self._id!r}. Set FEEDBACK_URL to sheets:// and the id in its address."
        elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            account = getattr(self._credentials, "service_account_email", None) or "the service account's address"
            problem = f"Google denies access to the spreadsheet: {said} Share it with {account} as an editor."
        else:
            problem = f"Google Sheets answers with status {status}: {said}"
        return False, StoreUnavailable(problem, AFTER_REPAIR)


class _HTTPClient(gspread.HTTPClient):
    """gspread's client, for the API at an address of choice: a regional endpoint, a proxy, a stand-in."""

    def __init__(self, api_endpoint: str, auth: google.auth.credentials.Credentials, session=None):
        super().__init__(auth, session)
        self._base = f"{api_endpoint.rstrip('/')}/v4/spreadsheets"

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, self._base, 1), *args, **kwargs)

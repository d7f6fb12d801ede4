"""The contract's answers over HTTP: JSON, and one table from code to status."""

from collections.abc import Mapping
from math import ceil

import orjson
from starlette.responses import Response

from app.api.models import ApiResponse
from app.errors import Conflict, InvalidInput, NotAllowed, NotFound, ProviderError, WhiskError

_FAMILIES: dict[type[WhiskError], str] = {
    InvalidInput: """
        address_malformed backup_damaged backup_unreadable cell_too_large certificate_unreadable
        column_twice columns_unknown concurrency_range cursor_unknown days_range display_missing
        encoding_guessed export_type_unknown file_empty file_too_large file_type_unknown
        file_unreadable folder_not_absolute folder_not_writable images_per_prompt_range
        import_has_problems invalid_value key_malformed key_not_needed limit_range model_retired
        model_unknown name_empty name_too_long native_missing negative_prompt_unsupported no_file
        no_prompt_column nul_character option_needs_other options_exclude password_too_common
        password_too_short pattern_invalid picture_ambiguous picture_animated picture_damaged
        picture_empty picture_missing picture_too_large picture_too_many_pixels picture_type_unknown
        project_not_found prompt_empty prompt_too_long provider_unknown quality_unsupported
        quote_unbalanced ratio_unsupported scope_unknown seed_range separator_unknown
        server_address_malformed server_missing server_unused sharing_needs_password
        token_file_unreadable too_many_cells too_many_columns too_many_files too_many_references
        too_many_references_in_category too_many_rows too_many_tasks unknown_field
        username_malformed
    """,
    NotFound: """
        backup_not_found file_missing image_not_found not_found project_unknown reference_not_found
        session_not_found task_not_found token_not_found user_not_found
    """,
    Conflict: """
        folder_in_use last_admin not_kept_on_disk port_in_use project_exists queue_limit_reached
        queue_stopped restore_unfinished sharing_failed sharing_fixed sharing_no_address
        task_changed task_running username_taken wait_timeout waits_for_person
    """,
    NotAllowed: "form_expired launch_link_used login_failed not_allowed not_yours origin_refused",
    ProviderError: """
        account_limited answer_damaged answer_too_large answer_unsupported empty_answer key_missing
        key_of_other_origin key_refused key_variable_malformed keyring_closed keys_unreadable
        model_gone no_image not_reached outcome_unknown output_limit overloaded quota_of_the_day
        rate_limited reference_damaged refused request_rejected seed_unsupported unexplained
    """,
    WhiskError: """
        backup_failed cancelled catalogue_unreadable database_unreadable folder_not_shown internal
        restore_failed set_aside window_failed
    """,
}

_PRECISE = {
    "request_malformed": 400,
    "not_signed_in": 401,
    "token_refused": 401,
    "body_too_slow": 408,
    "body_too_large": 413,
    "host_unknown": 421,
    "login_busy": 429,
    "login_throttled": 429,
    "server_answer_lost": 504,
    "server_answer_odd": 502,
    "server_certificate_unknown": 502,
    "server_token_refused": 502,
    "server_unreachable": 503,
}
"""Codes for which HTTP has a status of its own."""

HTTP_STATUS: Mapping[str, int] = {
    code: family.http_status for family, codes in _FAMILIES.items() for code in codes.split()
} | _PRECISE
"""Status by the code of a failure, that of the error's family unless HTTP is more precise."""


def status_of(code: str) -> int:
    """The HTTP status of an answer's code; 200 for none, 500 for a code nobody listed."""
    return HTTP_STATUS.get(code, 500) if code else 200


def encoded(data: object) -> bytes:
    """Models, enums, lists and dicts as JSON; ten thousand rows in some 10 ms."""
    return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)


def answered(answer: ApiResponse) -> Response:
    """An answer of the contract, never to be stored by a browser."""
    headers = {"Cache-Control": "no-store"}
    if answer.retry_after is not None:
        headers["Retry-After"] = str(ceil(answer.retry_after))
    return Response(
        encoded(answer),
        status_code=status_of(answer.code),
        headers=headers,
        media_type="application/json",
    )


def refused(error: WhiskError) -> Response:
    """A failure of this floor, as the answer that a failure of the contract would be."""
    return answered(ApiResponse.refused(error))

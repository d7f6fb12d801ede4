"""How a command ends: one table for people, scripts and tests.

* 0    done
* 1    some tasks failed, a check found a problem, or a question was answered with no
* 2    the command line cannot be understood
* 3    nothing has that id or name
* 4    the input was refused: it can never work as written
* 5    not now: it is in use, running, stopped, changed or late; perhaps later
* 6    not allowed, or not signed in
* 7    the server cannot be reached, or does not answer as a Whisk server does
* 8    a provider waits for a person: a key, an account
* 130  interrupted; what was paid is kept
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell; see the table above."""

    OK = 0
    PROBLEM = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    NOT_NOW = 5
    NOT_ALLOWED = 6
    UNREACHABLE = 7
    WAITS_FOR_PERSON = 8
    INTERRUPTED = 130


_CODES: dict[ExitCode, str] = {
    ExitCode.PROBLEM: """
        answer_damaged answer_too_large answer_unsupported backup_failed cancelled
        catalogue_unreadable database_unreadable empty_answer folder_not_shown internal model_gone
        no_image not_reached outcome_unknown output_limit overloaded quota_of_the_day rate_limited
        reference_damaged refused request_rejected restore_failed seed_unsupported set_aside
        unexplained window_failed
    """,
    ExitCode.NOT_FOUND: """
        backup_not_found file_missing image_not_found not_found project_unknown
        reference_not_found session_not_found task_not_found token_not_found user_not_found
    """,
    ExitCode.NOT_NOW: """
        file_exists folder_in_use last_admin login_busy login_throttled not_kept_on_disk
        others_wait port_in_use project_exists queue_limit_reached queue_stopped restore_unfinished
        sharing_failed sharing_fixed sharing_no_address task_changed task_running username_taken
        wait_timeout
    """,
    ExitCode.NOT_ALLOWED: """
        form_expired launch_link_used login_failed not_allowed not_signed_in not_yours
        origin_refused server_token_refused token_refused
    """,
    ExitCode.UNREACHABLE: """
        body_too_slow host_unknown server_answer_lost server_answer_odd server_certificate_unknown
        server_unreachable
    """,
    ExitCode.WAITS_FOR_PERSON: """
        account_limited key_missing key_of_other_origin key_refused key_variable_malformed
        keyring_closed keys_unreadable waits_for_person
    """,
}

_BY_CODE = {code: number for number, codes in _CODES.items() for code in codes.split()}


def exit_code_of(code: str) -> ExitCode:
    """The exit code for the code of a failure; what is not listed is input that was refused."""
    return _BY_CODE.get(code, ExitCode.REFUSED)

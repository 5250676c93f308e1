"""Leaves out bodies that are not UTF-8 and headers that are not ASCII, which the description cannot describe: what becomes of
them is in the functions' own tests.
"""

import schemathesis


@schemathesis.hook
def filter_case(context, case):
    headers = (case.headers or {}).values()
    if not all(str(value).isascii() for value in headers):
        return False
    if isinstance(case.body, bytes):
        try:
            case.body.decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True

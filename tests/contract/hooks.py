"""What the local gateway cannot carry, though HTTP can: bodies that are not UTF-8 and headers that are not ASCII.

`cargo lambda watch` answers 500 to them before any function is called; the real gateway encodes such bodies as base64,
which the functions' own tests cover.
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

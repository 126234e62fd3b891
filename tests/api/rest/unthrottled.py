"""The real command, without the limit on wrong tokens: a thousand of them are what a fuzzer sends."""

import sys

from api.entry import main
from api.rest import access

if __name__ == "__main__":
    access.WRONG_TOKENS = 10**9
    sys.exit(main())

"""Asks a part over HTTP how it is: the health check of the containers.

``python -m stack.probe URL`` ends with status 0 where the answer is 200; with the name of one of
Airflow's components after it, where Airflow's API calls that component healthy. Only the standard
library is imported, for it runs every few seconds.
"""

from __future__ import annotations

import json
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

SECONDS = 5


def main(arguments: list[str]) -> None:
    """Ask, and exit with the answer.

    Args:
        arguments: URL, and maybe the name of a component, such as ``scheduler``.
    """
    url, *component = arguments
    try:
        with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the URL is the operator's
            body = answer.read()
    except HTTPError as error:
        with error:
            sys.exit(f"{url}: answers {error.code}")
    except OSError as error:
        sys.exit(f"{url}: {error}")
    for name in component:
        status = json.loads(body)[name]["status"]
        if status != "healthy":
            sys.exit(f"{name}: {status}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""`python -m selfd_graphql.export` prints the schema: the source of `graphql/schema.graphql`."""

from __future__ import annotations

import sys

from selfd_graphql.schema import sdl

if __name__ == "__main__":
    sys.stdout.write(sdl())

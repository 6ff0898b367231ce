"""The process as the outside sees it: socket, token, guard, routes, signals; see `process.run`."""

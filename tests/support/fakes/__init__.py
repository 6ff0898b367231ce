"""Fakes of the ports, one module a topic as in `selfd_graphql.ports`."""

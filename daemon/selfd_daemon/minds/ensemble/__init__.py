"""Several minds as one."""

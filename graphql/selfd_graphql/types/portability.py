"""Everything out into open formats, and in again."""

from __future__ import annotations

from strawberry import UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, services
from selfd_graphql.types.jobs import Job


@described.output
class PortabilityMutation:
    """What can be done with everything at once."""

    @described.mutation
    async def export_data(self, info: Info, path: str) -> Job:
        """Write everything in open formats (JSONL, OPML, Markdown, TOML) to a new folder."""
        return Job.from_record(await services(info).portability.export_to(path))

    @described.mutation
    async def import_data(self, info: Info, path: str, dry_run: bool | None = UNSET) -> Job:
        """Take in such a folder, a .jsonl of memories or an .opml; nothing comes in twice."""
        portability = services(info).portability
        return Job.from_record(await portability.import_from(path, dry_run=bool(given(dry_run))))

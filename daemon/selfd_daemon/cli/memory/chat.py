"""chat: questions one after the other in one conversation, and what may be said between them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.memory.questions import stream_answer
from selfd_daemon.cli.terminal.options import DataDir, Scopes, upper
from selfd_daemon.cli.terminal.output import BAD, DIM, LINK, note, say, table
from selfd_daemon.cli.terminal.sources import print_citations

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_PROMPT = "› "
_GREETING = "Ask away. /help lists what else you can say; Ctrl-C stops an answer, Ctrl-D leaves."
_RECALLED = 5  # conversations whose questions the up key brings back


def chat(
    conversation: Annotated[
        str | None, typer.Option("--in", metavar="ID", help="Go on with this conversation.")
    ] = None,
    scope: Scopes = None,
    data_dir: DataDir = None,
) -> None:
    """Talk: one conversation, a question at a time; Ctrl-D leaves, /help helps."""
    talk = Talk(Client.find(data_dir), conversation, upper(scope))
    for line in talk.lines():
        if line:
            talk.take(line)
    if talk.conversation:
        note((f"selfd chat --in {talk.conversation} goes on from here", DIM))


class Talk:
    """One conversation in a terminal, or over a pipe, where each line is a question."""

    def __init__(self, client: Client, conversation: str | None, scope: list[str] | None) -> None:
        self.conversation = conversation
        self._client = client
        self._scope = scope
        self._last: Mapping[str, Any] | None = None
        self._commands: dict[str, tuple[Callable[[str], None], str, str]] = {
            "/remember": (self._remember, "TEXT", "remember a text as it is told"),
            "/forget": (self._forget, "ID", "forget a memory for good"),
            "/sources": (self._sources, "", "show again what the last answer relies on"),
            "/new": (self._new, "", "begin another conversation"),
            "/help": (self._help, "", "show this"),
            "/quit": (self._quit, "", "leave; Ctrl-D does, too"),
        }

    def lines(self) -> Iterator[str]:
        """Yield what is entered, without the blanks around it, until it ends."""
        if not sys.stdin.isatty():
            yield from (line.strip() for line in sys.stdin)
            return
        note((_GREETING, DIM))
        session = self._session()
        while True:
            try:
                yield session.prompt(_PROMPT).strip()
            except KeyboardInterrupt:
                continue  # what was half written is let go
            except EOFError:
                return

    def take(self, line: str) -> None:
        """Answer a question or do what a command says; what is refused ends nothing."""
        try:
            if line.startswith("/"):
                self._command(line)
            else:
                self._ask(line)
        except KeyboardInterrupt:
            note(("\nstopped", DIM))
        except CommandError as error:
            if not sys.stdin.isatty():
                raise
            note((error.format_message(), BAD))

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        if name not in self._commands:
            raise CommandError(f"there is no {name}: /help lists what there is")
        self._commands[name][0](rest.strip())

    def _ask(self, question: str) -> None:
        given = {"question": question, "scope": self._scope, "conversationId": self.conversation}
        self._last = stream_answer(
            self._client, {name: value for name, value in given.items() if value}
        )
        self.conversation = self._last["conversationId"]
        say()

    def _remember(self, text: str) -> None:
        if not text:
            raise CommandError("/remember needs a text: /remember the spare key is with Ana")
        memory = self._client.send("remember", input={"text": text})
        known = memory["occurrences"] > 1
        say((memory["id"], LINK), "  known already" if known else "  remembered")

    def _forget(self, id: str) -> None:
        if not id:
            raise CommandError("/forget needs an id, as /sources shows them: /forget memory:12")
        if not self._client.send("forget", id=id):
            raise CommandError(f"no memory with id {id!r}: /sources shows those of the last answer")
        say((id, LINK), "  forgotten")

    def _sources(self, _: str) -> None:
        if self._last is None:
            note("nothing was answered yet")
        elif not self._last["citations"]:
            note("the last answer relies on nothing that is stored")
        else:
            print_citations(self._last["citations"])

    def _new(self, _: str) -> None:
        self.conversation = self._last = None
        note(("the next question begins another conversation", DIM))

    def _help(self, _: str) -> None:
        table(
            (f"{name} {takes}".strip(), what) for name, (_, takes, what) in self._commands.items()
        )
        note(("Esc then Enter, or Alt-Enter, begins a new line; the up key brings back", DIM))
        note(("earlier questions, Tab completes a command.", DIM))

    def _quit(self, _: str) -> None:
        if self.conversation:
            note((f"selfd chat --in {self.conversation} goes on from here", DIM))
        raise typer.Exit

    def _session(self) -> PromptSession[str]:
        """Edit lines as terminals do, with the questions of before at the up key.

        They come from the daemon: no file of their own would outlive what was forgotten.
        """
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

        keys = KeyBindings()

        @keys.add("escape", "enter")
        @keys.add("escape", "c-j")
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        names = [name + " " * bool(takes) for name, (_, takes, _) in self._commands.items()]
        return PromptSession(
            history=InMemoryHistory(self._questions()),
            completer=WordCompleter(names, sentence=True),
            complete_while_typing=False,
            key_bindings=keys,
            multiline=False,
            prompt_continuation="  ",
        )

    def _questions(self) -> list[str]:
        """Give earlier questions, oldest first."""
        page = self._client.send("conversations", first=_RECALLED)
        ids = [edge["node"]["id"] for edge in reversed(page["edges"])]
        if self.conversation:
            ids = [id for id in ids if id != self.conversation] + [self.conversation]
        found = (self._client.send("conversation", id=id) for id in ids)
        return [
            message["text"]
            for each in found
            if each
            for message in each["messages"]
            if message["role"] == "user"
        ]

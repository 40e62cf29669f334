"""The states of a submission, as declared in ``data/states.toml``."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from commonweal.schema.errors import CommonwealError

START = "absent"


@dataclass(frozen=True)
class State:
    """``is_landed`` says that a copy stands in the landing area whenever this is the state."""

    name: str
    title: str
    text: str
    is_landed: bool = False


@dataclass(frozen=True)
class Transition:
    """What an event does; without ``to`` the state stays, and the event is only noted."""

    event: str
    origins: tuple[str, ...]
    text: str
    to: str = ""


@dataclass(frozen=True)
class StateMachine:
    """States and transitions by name."""

    states: Mapping[str, State]
    transitions: Mapping[str, Transition]

    def can(self, state: str, event: str) -> bool:
        """Whether an event may happen in a state."""
        return event in self.transitions and state in self.transitions[event].origins

    def advance(self, state: str, event: str) -> str:
        """The state after an event.

        Raises:
            CommonwealError: the event may not happen in that state.
        """
        if not self.can(state, event):
            raise CommonwealError(
                f"A submission that is {state} cannot be {event.replace('_', ' ')}.",
                expected=f"one of these states: {', '.join(self._origins(event)) or 'none'}",
                fix="See `commonweal submissions history` for what happened to it.",
            )
        return self.transitions[event].to or state

    def fold(self, events: Iterable[str]) -> str:
        """The state after all events, from the beginning."""
        state = START
        for event in events:
            state = self.advance(state, event)
        return state

    def _origins(self, event: str) -> tuple[str, ...]:
        return self.transitions[event].origins if event in self.transitions else ()


@cache
def get_states() -> StateMachine:
    """The declared states and transitions."""
    text = (files("commonweal.intake.lifecycle") / "data" / "states.toml").read_text("utf-8")
    declared = tomllib.loads(text)
    states = [
        State(s["name"], s["title"], s["text"], s.get("landed", False)) for s in declared["state"]
    ]
    transitions = [
        Transition(t["event"], tuple(t["from"]), t["text"], t.get("to", ""))
        for t in declared["transition"]
    ]
    return StateMachine(
        MappingProxyType({state.name: state for state in states}),
        MappingProxyType({transition.event: transition for transition in transitions}),
    )


def build_states_page() -> str:
    """The reference page: the diagram, then what every state and event means."""
    machine = get_states()
    lines = [
        "# States of a submission",
        "",
        "Every step is an event in an append-only history; `commonweal submissions history ID`",
        "shows it. The diagram leaves out events that change nothing.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {START}",
        *(f"    {arrow}" for arrow in _arrows(machine)),
        "```",
        "",
        "## States",
        "",
        "| state | meaning |",
        "|---|---|",
        *(f"| **{s.name}** | {s.text} |" for s in machine.states.values()),
        "",
        "## Events",
        "",
        "| event | may happen when | leads to | meaning |",
        "|---|---|---|---|",
        *(_event_row(transition) for transition in machine.transitions.values()),
    ]
    return "\n".join(lines) + "\n"


def _arrows(machine: StateMachine) -> list[str]:
    return [
        f"{origin} --> {transition.to}: {event}"
        for event, transition in machine.transitions.items()
        for origin in transition.origins
        if transition.to and transition.to != origin
    ]


def _event_row(transition: Transition) -> str:
    to = transition.to or "*stays*"
    return f"| `{transition.event}` | {', '.join(transition.origins)} | {to} | {transition.text} |"

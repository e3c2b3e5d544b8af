"""Every transition table of the house, walked at random: no step that it does not list, and an end that is an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import IllegalTransition
from domain.machine import LIFECYCLES
from entrypoints.docs import state_machines_page

state_machines_page()  # registers the machines of all contexts
NAMES = sorted(LIFECYCLES)


def test_the_machines_of_all_contexts_are_here() -> None:
    # BOOK-01
    assert {"account", "booking", "meeting", "notification delivery", "payment", "refund", "webhook event"} <= set(
        NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_status_can_be_reached(name: str) -> None:
    lifecycle = LIFECYCLES[name]
    reached, fresh = set(lifecycle.start), set(lifecycle.start)
    while fresh:
        fresh = {after for status in fresh for after in lifecycle.table[status]} - reached
        reached |= fresh

    assert reached == set(lifecycle.table)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_no_sequence_of_steps_leaves_the_table(name: str, data: st.DataObject) -> None:
    lifecycle = LIFECYCLES[name]
    statuses = st.sampled_from(sorted(lifecycle.table))
    current = data.draw(st.sampled_from(sorted(lifecycle.start)))
    for attempted in data.draw(st.lists(statuses, max_size=12)):
        listed = attempted in lifecycle.table[current]
        try:
            following = lifecycle.step(current, attempted)
        except IllegalTransition:
            assert not listed
        else:
            assert listed
            assert current not in lifecycle.terminal
            current = following

"""One dataflow per lake."""

import subprocess

import pytest

from lakehouse.errors import FencedError, LakeLockedError
from lakehouse.lock import NAME, attempt, exclusive


def test_second_dataflow_is_kept_out_and_told_by_whom(lake, start):
    holder = start("holding.py", lake.root)
    holder.stdout.readline()
    try:
        with (
            pytest.raises(LakeLockedError, match=f"in use by process {holder.pid};"),
            exclusive(lake),
        ):
            pass
    finally:
        holder.kill()
        holder.wait(10)


def test_lock_is_free_at_once_when_its_holder_is_killed(lake, start):
    holder = start("holding.py", lake.root)
    first = int(holder.stdout.readline())
    holder.kill()
    holder.wait(10)
    with exclusive(lake) as held:
        assert held.fence == first + 1


def test_fencing_number_grows_with_every_holder(lake):
    fences = []
    for _ in range(3):
        with exclusive(lake) as held:
            fences.append(held.fence)
    assert fences == [1, 2, 3]


def test_lock_is_free_after_an_error_of_its_holder(lake):
    with pytest.raises(RuntimeError), exclusive(lake):
        raise RuntimeError
    with exclusive(lake):
        pass


def test_torn_lock_file_does_not_keep_anyone_out(lake):
    (lake.root / NAME).write_bytes(b"\0" * 7)
    with exclusive(lake) as held:
        assert held.fence == 1


def test_attempt_says_whether_it_holds_the_file(lake):
    with attempt(lake.root / "x.lock") as first, attempt(lake.root / "x.lock") as second:
        assert (first, second) == (True, False)


def test_holding_is_checked_against_the_file_that_is_there(lake):
    with exclusive(lake) as held:
        held.check()
        (lake.root / NAME).unlink()
        with pytest.raises(FencedError, match="fence 1"):
            held.check()


def test_whoever_stood_still_while_another_took_over_is_told(lake):
    with exclusive(lake) as paused:
        # Somebody moved the file away, as no one should: the lock of the old one says nothing.
        (lake.root / NAME).rename(lake.root / "aside.lock")
        with exclusive(lake) as other:
            other.check()
            with pytest.raises(FencedError):
                paused.check()


def test_the_lock_is_held_as_long_as_a_child_that_inherited_it_lives(lake):
    with exclusive(lake) as held:
        child = subprocess.Popen(["/bin/sleep", "60"], pass_fds=[held.descriptor])
    try:
        with pytest.raises(LakeLockedError), exclusive(lake):
            pass
    finally:
        child.kill()
        child.wait(10)
    with exclusive(lake):
        pass

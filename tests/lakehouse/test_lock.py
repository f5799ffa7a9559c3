"""One dataflow per lake."""

import pytest

from lakehouse.errors import LakeLockedError
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
    with exclusive(lake) as fence:
        assert fence == first + 1


def test_fencing_number_grows_with_every_holder(lake):
    fences = []
    for _ in range(3):
        with exclusive(lake) as fence:
            fences.append(fence)
    assert fences == [1, 2, 3]


def test_lock_is_free_after_an_error_of_its_holder(lake):
    with pytest.raises(RuntimeError), exclusive(lake):
        raise RuntimeError
    with exclusive(lake):
        pass


def test_torn_lock_file_does_not_keep_anyone_out(lake):
    (lake.root / NAME).write_bytes(b"\0" * 7)
    with exclusive(lake) as fence:
        assert fence == 1


def test_attempt_says_whether_it_holds_the_file(lake):
    with attempt(lake.root / "x.lock") as first, attempt(lake.root / "x.lock") as second:
        assert (first, second) == (True, False)

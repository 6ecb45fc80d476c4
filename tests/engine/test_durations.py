"""Distributions of lengths: buckets, quartiles, and how many were longer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.durations import bucket_of, quantile, share_beyond, span_of, typical
from engine.model.stays import DAY, INTERRUPTED

lengths = st.integers(min_value=0, max_value=5 * 365 * DAY)


@given(lengths)
def test_a_length_lies_in_its_bucket(seconds):
    low, high = span_of(bucket_of(seconds))
    assert low <= seconds < high


@given(st.lists(lengths, min_size=1, max_size=200))
def test_the_median_is_right_to_within_its_bucket(found):
    buckets = {}
    for seconds in found:
        buckets[bucket_of(seconds)] = buckets.get(bucket_of(seconds), 0) + 1
    said, true = quantile(buckets, 0.5).total_seconds(), sorted(found)[(len(found) - 1) // 2]
    low, high = span_of(bucket_of(true))
    assert low <= said <= high
    assert typical(buckets).stays == len(found)


@pytest.mark.parametrize(("seconds", "bucket"), [(0, 0), (DAY - 1, 23), (DAY, 24), (60 * DAY - 1, 82), (60 * DAY, 83)])
def test_hours_then_days_then_months(seconds, bucket):
    assert bucket_of(seconds) == bucket


def test_interrupted_stays_say_nothing_about_how_long_it_takes():
    buckets = {INTERRUPTED: 50, bucket_of(3 * DAY): 10}
    assert typical(buckets).stays == 10
    assert typical({INTERRUPTED: 3}) is None and quantile({}, 0.5) is None
    assert share_beyond({INTERRUPTED: 3}, timedelta(0)) == 0.0


def test_how_many_were_longer():
    buckets = {bucket_of(day * DAY): 1 for day in range(10)}
    assert share_beyond(buckets, timedelta(days=5)) == pytest.approx(0.5)
    assert share_beyond(buckets, timedelta(days=5, hours=12)) == pytest.approx(0.45)
    assert share_beyond(buckets, timedelta(days=99)) == 0.0

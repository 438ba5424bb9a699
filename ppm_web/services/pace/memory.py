"""What of a shop's pace stands in Redis only: its buckets of requests, and how long it usually takes.

Losing it costs a few requests' worth of pace: the rate itself stands on the shop's row. One script does the
sums of a bucket, so any number of processes share it. Without a broker there is no pace: that is logged once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from ppm_web import queue
from ppm_web.models import now

logger = logging.getLogger("ppm.pace")


class Lane(StrEnum):
    """Who asks: one product that somebody waits for, or a batch. Each has a bucket of its own."""

    SINGLE = "single"
    BULK = "bulk"


DAY: Final = 24 * 3600

BUCKETS: Final = """
-- The shop's two buckets, filled up to now. bulk gets four fifths of the rate, single one fifth and whatever
-- bulk has left. They hold what 15 seconds bring, 10 requests at least; below zero is a debt.
local now, rate, act, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local speed = {single = rate / 300000, bulk = rate / 75000}  -- requests a millisecond
local whole = math.max(10, rate / 4)
local full = {single = whole / 5, bulk = whole * 4 / 5}
local kept = redis.call('HMGET', KEYS[1], 'at', 'single', 'bulk')
local at = math.max(now, tonumber(kept[1]) or now)
local past = at - (tonumber(kept[1]) or now)
local have = {}
for place, lane in ipairs({'single', 'bulk'}) do
  have[lane] = math.min(full[lane], (tonumber(kept[place + 1]) or full[lane]) + past * speed[lane])
end
local function wait(lane)  -- milliseconds until the lane has a whole request
  return math.max(0, math.ceil((1 - have[lane]) / speed[lane] - 0.001))
end
if act == 'wait bulk' then return wait('bulk') end
if act == 'wait single' then return math.min(wait('single'), wait('bulk')) end
if act == 'busy' then return have.single + have.bulk < whole / 2 and 1 or 0 end
if act == 'spend bulk' then
  have.bulk = have.bulk - amount
elseif act == 'spend single' then  -- its own first, then what bulk has left, then on credit
  local own = math.min(amount, math.max(0, have.single))
  local lent = math.min(amount - own, math.max(0, have.bulk))
  have.single = have.single - (amount - lent)
  have.bulk = have.bulk - lent
else  -- 'hold': nothing more for that many milliseconds
  for lane, has in pairs(have) do have[lane] = math.min(has, 1 - amount * speed[lane]) end
end
redis.call('HSET', KEYS[1], 'at', at, 'single', tostring(have.single), 'bulk', tostring(have.bulk))
local lacks = math.max((full.single - have.single) / speed.single, (full.bulk - have.bulk) / speed.bulk)
redis.call('PEXPIRE', KEYS[1], math.ceil(lacks) + 60000)  -- full again: as if it were not there
return 0
"""

TIMES: Final = """
-- ARGV: seconds to keep, seconds a product or '', then kind and seconds of each kind of request. Returns
-- what those kinds that are known well took now and take usually, both in seconds; then takes the new ones
-- into the means: of the last 16 or so for a kind, of the last few for a product (groups change their size).
local took, usual = 0, 0
for place = 3, #ARGV, 2 do
  local kind, seconds = ARGV[place], tonumber(ARGV[place + 1])
  local kept = redis.call('HMGET', KEYS[1], kind, kind .. ' count')
  local mean, count = tonumber(kept[1]) or seconds, tonumber(kept[2]) or 0
  if count >= 8 then took, usual = took + seconds, usual + mean end
  count = math.min(16, count + 1)
  redis.call('HSET', KEYS[1], kind, tostring(mean + (seconds - mean) / count), kind .. ' count', count)
end
local each = tonumber(ARGV[2])
if each then
  local before = tonumber(redis.call('HGET', KEYS[1], 'product')) or each
  redis.call('HSET', KEYS[1], 'product', tostring(before + (each - before) / 2))
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {tostring(took), tostring(usual)}
"""


def wait_seconds(shop_id: int, rate: int, lane: Lane) -> float:
    """Seconds until the lane has a request to spend; 0.0 when it has, or no broker answers."""
    return float(_bucket(shop_id, rate, f"wait {lane}") or 0) / 1000


def take(shop_id: int, rate: int, lane: Lane, requests: int) -> None:
    """Take requests out of the lane's bucket, below zero if need be."""
    _bucket(shop_id, rate, f"spend {lane}", requests)


def hold(shop_id: int, rate: int, seconds: float) -> None:
    """Let nothing through for that long; with 0 what was saved up is gone, and one request may come."""
    _bucket(shop_id, rate, "hold", seconds * 1000)


def is_busy(shop_id: int, rate: int) -> bool:
    """Whether requests are made near the rate: more than half of the buckets is spent."""
    return bool(_bucket(shop_id, rate, "busy"))


def note_times(shop_id: int, times: Mapping[str, float], each: float | None) -> tuple[float, float]:
    """Learn how many seconds each kind of request takes, and a product in a group (None: not known).

    Returns what those kinds that are known well took now, and take usually, added up; both 0.0
    when none is, or no broker answers.
    """
    pairs = [part for kind, seconds in times.items() for part in (kind, seconds)]
    took, usual = _run(TIMES, _key(shop_id, "times"), DAY, "" if each is None else each, *pairs) or (0, 0)
    return float(took), float(usual)


def seconds_a_product(shop_id: int) -> float | None:
    """What a product in a group takes, as ``note_times`` learnt it; None when nothing is known."""
    kept = _ask(lambda broker: broker.hget(_key(shop_id, "times"), "product"))
    return None if kept is None else float(kept)


def is_new_failure(shop_id: int, thing: str) -> bool:
    """Note that ``thing`` failed in the shop; False when it did before, since ``forget_failures``.

    True when no broker answers. It is remembered for a day.
    """
    added = _ask(lambda broker: broker.sadd(_key(shop_id, "failing"), thing))
    _ask(lambda broker: broker.expire(_key(shop_id, "failing"), DAY))
    return added is None or bool(added)


def forget_failures(shop_id: int) -> None:
    """Forget what failed: the shop has answered well since."""
    _ask(lambda broker: broker.delete(_key(shop_id, "failing")))


def _bucket(shop_id: int, rate: int, act: str, amount: float = 0) -> Any:
    """The clock is ours, as everywhere in PPM; where one process's is behind, time stands still here."""
    return _run(BUCKETS, _key(shop_id, "buckets"), int(now().timestamp() * 1000), rate, act, amount)


def _key(shop_id: int, part: str) -> str:
    return f"{os.environ['RQ_KEY_PREFIX']}:pace:{shop_id}:{part}"


def _run(script: str, key: str, *arguments: str | float) -> Any:
    return _ask(lambda broker: broker.register_script(script)(keys=[key], args=list(arguments)))


def _ask(question: Callable[[Redis], Any]) -> Any:
    """The broker's answer; None when there is none, with one line in the log each time it goes away."""
    lost: set[str] = current_app.extensions.setdefault("ppm_pace_lost", set())
    try:
        answer = question(queue.connection())
    except (RedisError, queue.QueueUnavailableError) as error:
        if not lost:
            logger.warning("no pace is kept while the queue cannot be reached: %s", error)
        lost.add("broker")
        return None
    lost.clear()
    return answer

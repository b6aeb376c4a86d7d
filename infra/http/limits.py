"""How often a key, a node or an address may call at central, counted in Redis over a moving window.

Redis may be flushed: the counts begin anew. Redis may be away: nobody is held up by that.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from node.config import config

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Count:
    """How a limit stands after a call. `wait`: seconds until the next may come, 0 when it may."""

    limit: int
    left: int
    reset: int
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        named = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.reset),
        }
        return {**named, "Retry-After": str(self.wait)} if self.wait else named


def count(name: str, who: str) -> Count | None:
    """Count one call under a limit of the settings; None when it is switched off, or nobody can count."""
    text = config().rate_limit(name)
    if not text:
        return None
    item = _parsed(text)
    try:
        limiter = _limiter(config().redis_url)
        may_pass = limiter.hit(item, name, who)
        stats = limiter.get_window_stats(item, name, who)
    except (RedisError, OSError) as error:
        logger.warning("calls are not counted: %s", type(error).__name__)
        return None
    reset = max(1, math.ceil(stats.reset_time - time.time()))
    return Count(item.amount, stats.remaining, reset, 0 if may_pass else reset)


@lru_cache(maxsize=4)
def _limiter(redis_url: str) -> MovingWindowRateLimiter:
    url = redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
    return MovingWindowRateLimiter(RedisStorage(url, key_prefix="rialto-limits"))


@lru_cache(maxsize=16)
def _parsed(text: str) -> RateLimitItem:
    return parse(text)

"""The groups of users: looked up on threads of their own, and kept for a time.

A look-up may take seconds, or never end: it may ask a server of the site. So no request and no
network thread waits for one. A request whose policies ask for groups waits without a thread, for a
bounded time, and only before the first answer for its user; later the answer of the last look-up
counts while the next one is under way. Which policies ask is found out: the first request of each
waits on the worker that asks its policies. For policies that never ask nothing is looked up.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..concurrency.clock import Clock
from ..concurrency.jobs import FunctionJob, Job
from ..concurrency.workers import BUSY, WorkerPool
from ..errors import words_of

if TYPE_CHECKING:
    from .credentials import Credentials

_log = logging.getLogger("roguebridge.access")

FIRST_WAIT = 5.0  # seconds that a request waits for the first answer for its user
NEXT_WAIT = 0.2  # seconds that it waits for a later one, before the last answer counts
RIGHTS_WAIT = 0.5  # seconds that a client waits for its first answer to be told its rights
STALE = 600.0  # seconds that an answer counts after its time, while no later one comes
_RETRY = 5.0  # seconds after a look-up that has failed
_MOST_USERS = 10_000
_MOST_WAITING = 10_000  # requests


@dataclass(slots=True, eq=False)
class _User:
    """The groups of one user.

    ``asked`` is when the look-up under way was asked for, None if none is. There is none before
    ``retry``, since the last one has failed. ``waiting`` are jobs in order, by where they run.
    ``version`` counts the answers that were other than the last.
    """

    roles: frozenset[str] | None = None
    told: float = 0.0
    asked: float | None = None
    retry: float = 0.0
    queued: set[WorkerPool] = field(default_factory=set)
    running: bool = False
    waiting: dict[WorkerPool, list[Job]] = field(default_factory=dict)
    releasing: set[WorkerPool] = field(default_factory=set)
    version: int = 0

    @property
    def idle(self) -> bool:
        """True if nobody waits for anything about the user."""
        return not (self.waiting or self.releasing or self.queued)


class UserGroups:
    """Looks the groups of users up, and keeps what it has found.

    :param clock: times all
    :param lives: seconds that an answer counts
    """

    def __init__(self, clock: Clock, lives: float = 60.0) -> None:
        self._clock = clock
        self._lives = lives
        self._lock = threading.Lock()
        self._users: OrderedDict[tuple[str, str], _User] = OrderedDict()
        self._waiting = 0
        self._ended = False
        self._askers: set[int] = set()  # by id: the policies of a server live as long as it runs
        # What a request waits for is not behind what is only to be shown to idle clients.
        self._urgent = WorkerPool("roguebridge-groups", clock, threads=16, per_device=8)
        self._idle = WorkerPool("roguebridge-groups-idle", clock, threads=4, per_device=2)

    def known(self, who: Credentials) -> frozenset[str] | None:
        """Return the groups of a user as far as they are known, None if not.

        It only blocks, for a bounded time, for policies on a worker that never asked before.
        """
        if who.asker is not None and id(who.asker) not in self._askers:
            with self._lock:
                self._askers.add(id(who.asker))
            known = threading.Event()
            if self.submit(FunctionJob("", known.set, give_up=known.set), _HERE, who) is None:
                known.wait()
        with self._lock:
            user = self._user(who)
            if not self._is_fresh(user):
                self._ask(user, who, self._urgent)
            return self._usable(user)

    def version(self, who: Credentials, asker: object) -> int:
        """Return a number that changes when other groups are found; asks again when it is time."""
        if who.look_up is None or id(asker) not in self._askers:
            return 0
        with self._lock:
            user = self._user(who)
            if not self._is_fresh(user):
                self._ask(user, who, self._idle)
            return user.version if self._usable(user) is not None else -1 - user.version

    def submit(
        self, job: Job, pool: WorkerPool, who: Credentials, first_wait: float = FIRST_WAIT
    ) -> str | None:
        """Queue ``job`` in ``pool`` when the groups of its user are known, or have taken too long.

        The jobs of a user keep their order.

        :returns: None, or the reason why the job is refused
        """
        if who.look_up is None or (who.asker is not None and id(who.asker) not in self._askers):
            return pool.submit(job)
        with self._lock:
            user = self._user(who)
            now = self._clock.monotonic()
            if not self._is_fresh(user) and not self._ended:
                self._ask(user, who, self._urgent)
            limit = first_wait if self._usable(user) is None else NEXT_WAIT
            waits = user.asked is not None and now < user.asked + limit
            queue = user.waiting.get(pool)
            if waits or queue or pool in user.releasing:
                if self._waiting >= _MOST_WAITING:
                    return BUSY
                self._waiting += 1
                if queue is not None:
                    queue.append(job)
                    return None
                user.waiting[pool] = [job]
                if user.asked is not None:
                    left = max(0.0, user.asked + limit - now)
                    self._clock.call_later(left, partial(self._release, user, pool))
                return None
        return pool.submit(job)

    def drain(self) -> list[Job]:
        """Look nothing up any more; returns the jobs that wait, which will never run."""
        with self._lock:
            self._ended = True
            queues = [queue for user in self._users.values() for queue in user.waiting.values()]
            for user in self._users.values():
                user.waiting.clear()
            self._waiting = 0
        return [job for queue in queues for job in queue]

    def stop(self) -> None:
        """End the threads, after :meth:`drain`; a look-up under way is left to itself."""
        for pool in (self._urgent, self._idle):
            pool.stop()

    # With the lock held -----------------------------------------------------------------------

    def _user(self, who: Credentials) -> _User:
        key = (who.protocol, who.user)
        user = self._users.get(key)
        if user is None:
            user = self._users[key] = _User()
            if len(self._users) > _MOST_USERS:
                self._forget_one()
        else:
            self._users.move_to_end(key)
        return user

    def _forget_one(self) -> None:
        # One without groups first: of such names a client can make up any number.
        idle = [key for key, user in islice(self._users.items(), 100) if user.idle]
        empty = [key for key in idle if not self._users[key].roles]
        for key in (empty or idle)[:1]:
            del self._users[key]

    def _is_fresh(self, user: _User) -> bool:
        return user.roles is not None and self._clock.monotonic() < user.told + self._lives

    def _usable(self, user: _User) -> frozenset[str] | None:
        late = self._clock.monotonic() - user.told - self._lives
        return None if late >= STALE else user.roles

    def _ask(self, user: _User, who: Credentials, pool: WorkerPool) -> None:
        now, look_up = self._clock.monotonic(), who.look_up
        if look_up is None or self._ended or user.running or pool in user.queued:
            return
        if now < user.retry:
            return
        # In both queues if an idle one has come first: who is there first looks up.
        call = partial(self._look_up, user, look_up, pool)
        if pool.submit(FunctionJob(f"groups {id(user)}", call, f"groups {who.host}")) is None:
            user.queued.add(pool)
            user.asked = now if user.asked is None else user.asked

    # On the threads that look up, and the clock's ---------------------------------------------

    def _look_up(
        self, user: _User, look_up: Callable[[], frozenset[str]], pool: WorkerPool
    ) -> None:
        with self._lock:
            user.queued.discard(pool)
            if user.asked is None or user.running or self._ended:
                return
            user.running = True
        roles: frozenset[str] | None = None
        try:
            roles = frozenset(look_up())
        except BaseException as exc:
            _log.warning("the groups of a user cannot be found out: %s", words_of(exc))
        with self._lock:
            user.running = False
            user.asked = None
            now = self._clock.monotonic()
            if roles is None:
                user.retry = now + _RETRY
            else:
                user.version += roles != user.roles
                user.roles, user.told = roles, now
            pools = list(user.waiting)
        for pool in pools:
            self._release(user, pool)

    def _release(self, user: _User, pool: WorkerPool) -> None:
        """Queue what has waited, in order; what comes meanwhile too."""
        with self._lock:
            if pool in user.releasing:
                return  # another thread does
            user.releasing.add(pool)
        while True:
            with self._lock:
                jobs = user.waiting.pop(pool, [])
                self._waiting -= len(jobs)
                if not jobs:
                    user.releasing.discard(pool)
                    return
            for job in jobs:
                reason = pool.submit(job)
                if reason is not None:
                    job.abandon(reason)


class _Here:
    """In the place of a pool: runs a job at once."""

    def submit(self, job: Job) -> None:
        job.run()


_HERE: Any = _Here()


class Knowing(NamedTuple):
    """A pool whose jobs are to know the groups of a user: in its place for who submits one."""

    groups: UserGroups
    pool: WorkerPool
    who: Credentials

    def submit(self, job: Job) -> str | None:
        """Queue a job that tells a client its rights: it may wait less long than a request."""
        return self.groups.submit(job, self.pool, self.who, RIGHTS_WAIT)

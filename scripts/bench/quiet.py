"""Waiting for a machine that others use, too, and telling how much of it they had (Linux; elsewhere nothing is known)."""

import os
import pathlib
import resource
import time

MOST_OTHERS = 0.1


def is_quiet(others):
    """Whether so small a share disturbs no measurement; what is not known is taken to be small."""
    return others is None or others <= MOST_OTHERS


class Meter:
    """From its making on: the share of the processors that other processes used."""

    def __init__(self):
        self.begin, self.all, self.own = time.perf_counter(), all_secs(), own_secs()

    def others(self):
        if self.all is None:
            return None
        used = all_secs() - self.all - (own_secs() - self.own)
        return round(max(0.0, used / (time.perf_counter() - self.begin) / os.cpu_count()), 3)


class Patience:
    """Seconds that may go into waiting and into measurements that others spoilt."""

    def __init__(self, secs):
        self.left = secs

    def measure(self, body):
        """What `body` gives, a row with the key `others`: of all tries until a quiet one, the quietest."""
        best = None
        while True:
            self.wait()
            begin = time.perf_counter()
            row = body()
            if is_quiet(row["others"]):
                return row
            if best is None or row["others"] < best["others"]:
                best = row
            self.left -= time.perf_counter() - begin
            if self.left <= 0:
                return best

    def wait(self):
        """Until others leave the processors alone for two seconds."""
        while self.left > 0:
            meter = Meter()
            time.sleep(2)
            if is_quiet(meter.others()):
                return
            self.left -= 2


def all_secs():
    """Seconds that all processors worked since the start of the machine."""
    try:
        line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, line.split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def own_secs():
    """Those that this process and its ended children worked."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)

"""A client of Channel Access in a process of its own, told what to do in lines of JSON.

libca reads its environment once for each process. The first argument says which client it is.
"""

import asyncio
import json
import queue
import sys
import threading

import numpy as np

LIMIT = 20.0


def plain(value):
    """Give a value as JSON has it."""
    if isinstance(value, bytes):
        return value.partition(b"\0")[0].decode("utf-8")
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value


class Pyepics:
    """pyepics, on the libca of epics-base."""

    def __init__(self):
        import epics

        self._epics = epics
        self._pvs = {}
        self._updates = {}
        self._access = {}

    def _pv(self, name):
        if name not in self._pvs:
            self._pvs[name] = self._epics.PV(name, form="ctrl", auto_monitor=False)
        pv = self._pvs[name]
        if not pv.wait_for_connection(LIMIT):
            raise TimeoutError(name)
        return pv

    def info(self, name):
        pv = self._pv(name)
        meta = pv.get_ctrlvars(timeout=LIMIT) or {}
        kind = pv.type.rpartition("_")[2]
        return {
            "type": {"short": "INT", "int": "INT"}.get(kind, kind.upper()),
            "count": pv.nelm,
            "writable": bool(pv.write_access),
            "units": plain(meta.get("units")),
            "precision": meta.get("precision"),
            "high": meta.get("upper_disp_limit"),
            "drive": meta.get("upper_ctrl_limit"),
            "hihi": meta.get("upper_alarm_limit"),
            "choices": plain(meta.get("enum_strs")),
        }

    def get(self, name):
        pv = self._pv(name)
        found = pv.get_with_metadata(form="time", use_monitor=False, timeout=LIMIT)
        return {
            "value": plain(found["value"]),
            "severity": found["severity"],
            "status": found["status"],
            "seconds": found["posixseconds"],
            "nanoseconds": found["nanoseconds"],
        }

    def text(self, name):
        if name.endswith("$"):
            found = self._pv(name).get(use_monitor=False, timeout=LIMIT)
            return np.atleast_1d(found).astype("u1").tobytes().decode()
        return self._pv(name).get(as_string=True, use_monitor=False, timeout=LIMIT)

    def put(self, name, value, wait=True):
        pv = self._pv(name)
        value = np.array(value) if isinstance(value, list) and value else value
        failed = pv.put(value, wait=wait, timeout=LIMIT) != 1
        return {"failed": bool(failed)}

    def put_text(self, name, text):
        if name.endswith("$"):  # pyepics itself has no characters beyond ASCII
            text = np.frombuffer(text.encode() or b"\0", "u1")
        self._epics.caput(name, text, wait=True, timeout=LIMIT)

    def monitor(self, name):
        self._pv(name)
        found = self._updates[name] = queue.Queue()
        ca = self._epics.dbr
        self._pvs[name + " monitor"] = self._epics.PV(
            name,
            form="time",
            auto_monitor=ca.DBE_VALUE | ca.DBE_ALARM,
            callback=lambda value, severity, status, **_: found.put(
                {"value": plain(value), "severity": severity, "status": status}
            ),
        )

    def update(self, name):
        return self._updates[name].get(timeout=LIMIT)

    def wait_for(self, name, connected):
        pv = self._pvs[name]
        gone = threading.Event()
        end = LIMIT * 50
        while pv.connected != connected and end > 0:
            gone.wait(0.02)
            end -= 1
        return pv.connected

    def writable(self, name):
        return bool(self._pv(name).write_access)

    def close(self):
        self._epics.ca.finalize_libca()


class Aioca:
    """aioca, on the libca that comes with epicscorelibs."""

    def __init__(self):
        import aioca

        self._aioca = aioca
        self._loop = asyncio.new_event_loop()
        self._updates = {}
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def _run(self, made):
        return asyncio.run_coroutine_threadsafe(made, self._loop).result(LIMIT + 5)

    def info(self, name):
        aioca = self._aioca
        told = self._run(aioca.cainfo(name, timeout=LIMIT))
        found = self._run(aioca.caget(name, format=aioca.FORMAT_CTRL, timeout=LIMIT))
        names = ["STRING", "INT", "FLOAT", "ENUM", "CHAR", "LONG", "DOUBLE"]
        return {
            "type": names[told.datatype],
            "count": told.count,
            "writable": bool(told.write),
            "units": getattr(found, "units", None),
            "precision": getattr(found, "precision", None),
            "high": getattr(found, "upper_disp_limit", None),
            "drive": getattr(found, "upper_ctrl_limit", None),
            "hihi": getattr(found, "upper_alarm_limit", None),
            "choices": plain(getattr(found, "enums", None)),
        }

    def get(self, name):
        aioca = self._aioca
        found = self._run(aioca.caget(name, format=aioca.FORMAT_TIME, timeout=LIMIT))
        seconds, nanoseconds = found.raw_stamp
        return {
            "value": plain(found),
            "severity": found.severity,
            "status": found.status,
            "seconds": seconds,
            "nanoseconds": nanoseconds,
        }

    def text(self, name):
        aioca = self._aioca
        kind = aioca.DBR_CHAR_STR if name.endswith("$") else aioca.DBR_STRING
        return str(self._run(aioca.caget(name, datatype=kind, timeout=LIMIT)))

    def put(self, name, value, wait=True):
        # Its exceptions are false, which futures take for none.
        ended = self._run(self._aioca.caput(name, value, wait=wait, timeout=LIMIT, throw=False))
        return {"failed": not ended.ok, "error": str(ended)}

    def put_text(self, name, text):
        kind = self._aioca.DBR_CHAR_STR if name.endswith("$") else self._aioca.DBR_STRING
        self._run(self._aioca.caput(name, text, datatype=kind, wait=True, timeout=LIMIT))

    def monitor(self, name):
        found = self._updates[name] = queue.Queue()
        aioca = self._aioca

        def push(value):
            if value.ok:
                found.put(
                    {"value": plain(value), "severity": value.severity, "status": value.status}
                )

        async def begin():
            aioca.camonitor(name, push, format=aioca.FORMAT_TIME, all_updates=True)

        self._run(begin())

    def update(self, name):
        return self._updates[name].get(timeout=LIMIT)

    def wait_for(self, name, connected):
        aioca = self._aioca
        waiting = threading.Event()
        for _ in range(int(LIMIT * 50)):
            info = self._run(aioca.cainfo(name, wait=False))
            if (info.state == 2) == connected:
                return connected
            waiting.wait(0.02)
        return not connected

    def writable(self, name):
        return bool(self._run(self._aioca.cainfo(name, timeout=LIMIT)).write)

    def close(self):
        self._run(self._purge())
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _purge(self):
        self._aioca.purge_channel_caches()


class Caproto:
    """The threading client of caproto."""

    def __init__(self):
        from caproto.threading.client import Context

        self._context = Context(timeout=LIMIT)
        self._pvs = {}
        self._updates = {}
        self._subscriptions = []

    def _pv(self, name):
        if name not in self._pvs:
            (self._pvs[name],) = self._context.get_pvs(name, timeout=LIMIT)
        pv = self._pvs[name]
        pv.wait_for_connection(timeout=LIMIT)
        return pv

    def info(self, name):
        import caproto

        pv = self._pv(name)
        meta = pv.read(data_type="control", timeout=LIMIT).metadata
        choices = getattr(meta, "enum_strings", None)
        return {
            "type": pv.channel.native_data_type.name,
            "count": pv.channel.native_data_count,
            "writable": caproto.AccessRights.WRITE in pv.access_rights,
            "units": plain(getattr(meta, "units", None)),
            "precision": getattr(meta, "precision", None),
            "high": plain(getattr(meta, "upper_disp_limit", None)),
            "drive": plain(getattr(meta, "upper_ctrl_limit", None)),
            "hihi": plain(getattr(meta, "upper_alarm_limit", None)),
            "choices": None if choices is None else [plain(choice) for choice in choices],
        }

    def _plain(self, pv, found):
        data = [plain(item) for item in found.data]
        many = pv.channel.native_data_count > 1
        return {
            "value": data if many else data[0],
            "severity": int(found.metadata.severity),
            "status": int(found.metadata.status),
        }

    def get(self, name):
        pv = self._pv(name)
        found = pv.read(data_type="time", timeout=LIMIT)
        stamp = found.metadata.stamp
        return self._plain(pv, found) | {
            "seconds": stamp.secondsSinceEpoch + 631_152_000,
            "nanoseconds": stamp.nanoSeconds,
        }

    def text(self, name):
        pv = self._pv(name)
        if name.endswith("$"):
            return bytes(pv.read(timeout=LIMIT).data).decode()
        return plain(bytes(pv.read(data_type=0, timeout=LIMIT).data[0]))

    def put(self, name, value, wait=True):
        pv = self._pv(name)
        value = value if isinstance(value, list) else [value]
        try:
            answer = pv.write(value, wait=wait, notify=wait, timeout=LIMIT)
        except Exception as exc:
            return {"failed": True, "error": str(exc)}
        return {"failed": bool(wait and not answer.status.success)}

    def put_text(self, name, text):
        pv = self._pv(name)
        if name.endswith("$"):
            pv.write(text.encode(), wait=True, timeout=LIMIT)
        else:
            pv.write([text.encode()], data_type=0, wait=True, timeout=LIMIT)

    def monitor(self, name):
        pv = self._pv(name)
        found = self._updates[name] = queue.Queue()
        subscription = pv.subscribe(data_type="time")

        def push(subscription, response):
            found.put(self._plain(pv, response))

        self._subscriptions.append((subscription, push))  # caproto keeps weak references only
        subscription.add_callback(push)

    def update(self, name):
        return self._updates[name].get(timeout=LIMIT)

    def wait_for(self, name, connected):
        pv = self._pvs[name]
        waiting = threading.Event()
        for _ in range(int(LIMIT * 50)):
            if pv.connected == connected:
                break
            waiting.wait(0.02)
        return pv.connected

    def writable(self, name):
        import caproto

        return caproto.AccessRights.WRITE in self._pv(name).access_rights

    def close(self):
        self._context.disconnect()


def main():
    client = {"pyepics": Pyepics, "aioca": Aioca, "caproto": Caproto}[sys.argv[1]]()
    for line in sys.stdin:
        function, *arguments = json.loads(line)
        try:
            reply = {"result": getattr(client, function)(*arguments)}
        except Exception as e:
            reply = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(reply), flush=True)
    client.close()


main()

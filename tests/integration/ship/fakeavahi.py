# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""An Avahi daemon that does what it is told: `fakeavahi.py <bus address>`.

Reads one JSON object per line, {"do": ...}, and writes one per line for what it is asked over D-Bus,
{"event": ...}. Ends with its input. Exit code 77: Debian's modules for D-Bus are not installed.
"""

import json
import os
import sys

try:
    import dbus
    import dbus.bus
    import dbus.lowlevel
    import dbus.mainloop.glib
    import dbus.service
    from gi.repository import GLib
except ImportError as missing:
    print(json.dumps({"event": "missing", "what": str(missing)}), flush=True)
    sys.exit(77)

SERVER = "org.freedesktop.Avahi.Server"
GROUP = "org.freedesktop.Avahi.EntryGroup"
BROWSER = "org.freedesktop.Avahi.ServiceBrowser"
RESOLVER = "org.freedesktop.Avahi.ServiceResolver"


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Collision(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.Avahi.CollisionError"


def txt_array(strings):
    return dbus.Array([dbus.ByteArray(one.encode("latin-1")) for one in strings], signature="ay")


def txt_list(array):
    return [bytes(bytearray(one)).decode("latin-1") for one in array]


class Node(dbus.service.Object):
    """One of the daemon's objects."""

    def __init__(self, daemon, kind):
        self.daemon = daemon
        self.path = f"/Client0/{kind}{daemon.next_number()}"
        super().__init__(daemon.bus, self.path)

    def gone(self):
        self.remove_from_connection()


class Group(Node):
    def __init__(self, daemon):
        super().__init__(daemon, "EntryGroup")
        self.entry = None

    @dbus.service.method(GROUP, in_signature="iiussssqaay", out_signature="")
    def AddService(self, interface, protocol, flags, name, kind, domain, host, port, txt):
        if str(name) in self.daemon.taken:
            say("refused", label=str(name))
            raise Collision("Local name collision")
        self.entry = {"label": str(name), "type": str(kind), "port": int(port),
                      "txt": txt_list(txt), "interface": int(interface), "protocol": int(protocol)}

    @dbus.service.method(GROUP, in_signature="", out_signature="")
    def Commit(self):
        self.StateChanged(1, "")
        if self.entry["label"] in self.daemon.taken_elsewhere:
            say("collision", label=self.entry["label"])
            GLib.idle_add(self.StateChanged, 3, "Collision")
            return
        if self.daemon.failing:
            GLib.idle_add(self.StateChanged, 4, self.daemon.failing)
            return
        say("announced", **self.entry)
        GLib.idle_add(self.StateChanged, 2, "")

    @dbus.service.method(GROUP, in_signature="", out_signature="")
    def Reset(self):
        self.entry = None

    @dbus.service.method(GROUP, in_signature="", out_signature="")
    def Free(self):
        say("withdrawn", label=self.entry["label"] if self.entry else None)
        self.gone()

    @dbus.service.method(GROUP, in_signature="iiusssaay", out_signature="")
    def UpdateServiceTxt(self, interface, protocol, flags, name, kind, domain, txt):
        self.entry["txt"] = txt_list(txt)
        say("updated", label=str(name), txt=self.entry["txt"])

    @dbus.service.signal(GROUP, signature="is")
    def StateChanged(self, state, error):
        pass


class Browser(Node):
    def __init__(self, daemon):
        super().__init__(daemon, "ServiceBrowser")

    @dbus.service.method(BROWSER, in_signature="", out_signature="")
    def Free(self):
        say("browser-freed")
        self.daemon.browsers.remove(self)
        self.gone()

    @dbus.service.signal(BROWSER, signature="iisssu")
    def ItemNew(self, interface, protocol, name, kind, domain, flags):
        pass

    @dbus.service.signal(BROWSER, signature="iisssu")
    def ItemRemove(self, interface, protocol, name, kind, domain, flags):
        pass

    @dbus.service.signal(BROWSER, signature="s")
    def Failure(self, error):
        pass


class Resolver(Node):
    def __init__(self, daemon, key, family):
        super().__init__(daemon, "ServiceResolver")
        self.key = key
        self.family = family

    def tell(self):
        item = self.daemon.items.get(self.key)
        if item is None or item["family"] not in (self.family, -1) and self.family != -1:
            self.Failure("Timeout reached")
            return
        interface, protocol, name = self.key
        self.Found(interface, protocol, name, "_ship._tcp", "local", item["host"], item["family"],
                   item["address"], dbus.UInt16(item["port"]), txt_array(item["txt"]), 0)

    @dbus.service.method(RESOLVER, in_signature="", out_signature="")
    def Free(self):
        say("resolver-freed", name=self.key[2])
        self.daemon.resolvers.remove(self)
        self.gone()

    @dbus.service.signal(RESOLVER, signature="iissssisqaayu")
    def Found(self, interface, protocol, name, kind, domain, host, family, address, port, txt,
              flags):
        pass

    @dbus.service.signal(RESOLVER, signature="s")
    def Failure(self, error):
        pass


class Daemon(dbus.service.Object):
    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address)
        self.bus.set_exit_on_disconnect(False)
        self.number = 0
        self.state = 2
        self.items = {}
        self.browsers = []
        self.resolvers = []
        self.taken = set()
        self.taken_elsewhere = set()
        self.failing = None
        self.early = False
        self.name = None
        super().__init__(self.bus, "/")

    def next_number(self):
        self.number += 1
        return self.number

    def soon(self, call, *arguments):
        """As the real one does it, or before its answer."""
        if self.early:
            call(*arguments)
        else:
            GLib.idle_add(lambda: call(*arguments))

    @dbus.service.method(SERVER, in_signature="", out_signature="i")
    def GetState(self):
        say("asked")
        return self.state

    @dbus.service.signal(SERVER, signature="is")
    def StateChanged(self, state, error):
        pass

    @dbus.service.method(SERVER, in_signature="", out_signature="o")
    def EntryGroupNew(self):
        return Group(self).path

    @dbus.service.method(SERVER, in_signature="iissu", out_signature="o")
    def ServiceBrowserNew(self, interface, protocol, kind, domain, flags):
        browser = Browser(self)
        self.browsers.append(browser)
        say("browsed", type=str(kind))
        for number, protocol, name in list(self.items):
            self.soon(browser.ItemNew, number, protocol, name, "_ship._tcp", "local", 4)
        return browser.path

    @dbus.service.method(SERVER, in_signature="iisssiu", out_signature="o")
    def ServiceResolverNew(self, interface, protocol, name, kind, domain, family, flags):
        resolver = Resolver(self, (int(interface), int(protocol), str(name)), int(family))
        self.resolvers.append(resolver)
        say("resolved", name=str(name), family=int(family))
        self.soon(resolver.tell)
        return resolver.path

    # What the test wants.

    def do_appear(self, **_):
        self.name = dbus.service.BusName("org.freedesktop.Avahi", self.bus)

    def do_vanish(self, **_):
        self.name = None
        self.bus.release_name("org.freedesktop.Avahi")
        for one in self.browsers + self.resolvers:
            one.gone()
        self.browsers, self.resolvers = [], []

    def do_state(self, value, **_):
        self.state = value
        self.StateChanged(value, "")

    def do_found(self, name, address, port, txt, interface=2, protocol=0, family=None,
                 host="pump.local", **_):
        key = (interface, protocol, name)
        isNew = key not in self.items
        self.items[key] = {"address": address, "port": port, "txt": txt, "host": host,
                           "family": protocol if family is None else family}
        if isNew:
            for browser in self.browsers:
                browser.ItemNew(interface, protocol, name, "_ship._tcp", "local", 4)
            return
        for resolver in self.resolvers:
            if resolver.key == key:
                resolver.tell()

    def do_gone(self, name, interface=2, protocol=0, **_):
        self.items.pop((interface, protocol, name), None)
        for browser in self.browsers:
            browser.ItemRemove(interface, protocol, name, "_ship._tcp", "local", 4)

    def do_break(self, **_):
        for browser in self.browsers:
            browser.Failure("Not supported")

    def do_set(self, **values):
        for key, value in values.items():
            setattr(self, key, set(value) if isinstance(value, list) else value)


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    daemon = Daemon(sys.argv[1])
    loop = GLib.MainLoop()
    pending = b""

    def read(source, _):
        nonlocal pending
        got = os.read(source, 65536)
        if not got:
            loop.quit()
            return False
        *lines, pending = (pending + got).split(b"\n")
        for line in lines:
            order = json.loads(line)
            getattr(daemon, "do_" + order.pop("do"))(**order)
            daemon.bus.flush()
            say("done")
        return True

    GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, read)
    say("ready")
    loop.run()


main()

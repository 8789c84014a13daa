"""The part of a desktop that shows tray icons, for tests: what a panel of KDE or GNOME does, without the panel.

Owns org.kde.StatusNotifierWatcher, and answers on standard output, one JSON object a line, what is asked of it on
standard input, one word a line: `menu`, `press <label>`, `activate`. What stands in an inner menu is named after it:
`press Outer > Inner`.
"""

import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()


class Watcher(dbus.service.Object):
    def __init__(self):
        super().__init__(dbus.service.BusName(WATCHER, bus), "/StatusNotifierWatcher")
        self.items = []

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, name, sender=None):
        self.items.append((sender, name) if name.startswith("/") else (name, "/StatusNotifierItem"))
        self.StatusNotifierItemRegistered(name)

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, name):
        pass

    @dbus.service.signal(WATCHER, signature="s")
    def StatusNotifierItemRegistered(self, name):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        items = dbus.Array([owner + path for owner, path in self.items], signature="s")
        return {
            "IsStatusNotifierHostRegistered": dbus.Boolean(True),
            "ProtocolVersion": dbus.Int32(0),
            "RegisteredStatusNotifierItems": items,
        }


watcher = Watcher()


def current():
    """The icon that is alive; those of applications that ended stay registered."""
    for owner, path in reversed(watcher.items):
        if bus.name_has_owner(owner):
            return owner, path
    return None


def look(item):
    owner, path = item
    properties = dbus.Interface(bus.get_object(owner, path), PROPERTIES).GetAll(ITEM)
    menu = dbus.Interface(bus.get_object(owner, properties["Menu"]), MENU)
    _, (_, _, rows) = menu.GetLayout(0, -1, dbus.Array([], signature="s"))
    return properties, menu, list(entries_of(rows, ""))


def entries_of(rows, outer):
    for number, about, inner in rows:
        label = outer + str(about.get("label", ""))
        yield {
            "number": int(number),
            "label": label if about.get("label") else "",
            "inner": outer != "",
            "enabled": bool(about.get("enabled", True)),
            "checked": int(about.get("toggle-state", 0)) == 1,
        }
        yield from entries_of(inner, label + " > ")


def answer(line):
    item = current()
    if item is None:
        return {"there": False}
    properties, menu, entries = look(item)
    word, _, label = line.partition(" ")
    if word == "press":
        for entry in entries:
            if entry["label"] == label and entry["enabled"]:
                menu.Event(entry["number"], "clicked", dbus.String("", variant_level=1), dbus.UInt32(0))
                return {"there": True, "pressed": True}
        return {"there": True, "pressed": False}
    if word == "activate":
        dbus.Interface(bus.get_object(*item), ITEM).Activate(0, 0)
        return {"there": True}
    return {
        "there": True,
        "tooltip": str(properties["ToolTip"][2]),
        "labels": [entry["label"] for entry in entries if entry["label"] and not entry["inner"]],
        "disabled": [entry["label"] for entry in entries if entry["label"] and not entry["enabled"]],
        "inner": [entry["label"] for entry in entries if entry["label"] and entry["inner"]],
        "checked": [entry["label"] for entry in entries if entry["checked"]],
    }


def hear(channel, condition):
    line = sys.stdin.readline()
    if line == "":
        loop.quit()
        return False
    try:
        said = answer(line.strip())
    except dbus.DBusException as error:
        said = {"there": False, "error": str(error)}
    print(json.dumps(said), flush=True)
    return True


loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, hear)
print(json.dumps({"ready": True}), flush=True)
loop.run()

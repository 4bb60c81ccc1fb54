#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and who may touch the operating system.

sdk <- plugins, sdk <- host: a plugin never includes host or another plugin, host never a plugin
(but the command-line tool uses the MQTT codec), the SDK neither, and the codec nothing but itself.
Time, randomness, sockets and disk reach core and plugins through SDK interfaces; only the reactor
and the platform folder hold the real ones.
"""

import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
PARTS = re.compile(r"^(sdk|host/core|host/daemon|host/cli|host/desktop|host/probe|plugins/[^/]+)/")
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)

REAL_WORLD = re.compile(
    r"\b(QTimer|QBasicTimer|QChronoTimer|QThread|QThreadPool|QSocketNotifier|QTcpSocket|QTcpServer"
    r"|QUdpSocket|QLocalSocket|QLocalServer|QFile|QSaveFile|QTemporaryFile|QElapsedTimer"
    r"|QDeadlineTimer|QRandomGenerator|steady_clock|system_clock|high_resolution_clock"
    r"|random_device|clock_gettime|gettimeofday|nanosleep|usleep|sleep_for|sleep_until)\b"
    r"|\b(QDateTime|QDate|QTime)::current\w+|\bstd::(thread|jthread|async|rand|time|fopen|i?o?fstream)\b"
    r"|(?<![\w.>:])s?rand\s*\(|#\s*include\s*<(fstream|thread|chrono_io|sys/socket\.h|sys/epoll\.h|fcntl\.h)>"
)
THE_REAL_WORLD_LIVES_IN = ("host/core/reactor/", "host/core/platform/")


def code(content):
    """The content with comments and strings blanked, its lines still in place."""

    def blank(match):
        found = match.group(0)
        return found if found.startswith('"') and "include" in found else re.sub(r"[^\n]", " ", found)

    return COMMENT.sub(blank, content)


def part_of(name):
    match = PARTS.match(name)
    return match.group(1) if match else None


SOURCES = tree.files("*.h", "*.cpp")
KNOWN = set(SOURCES)
# Every folder of a part from which an include may be written.
BASES = ("", "host/", "plugins/", "sdk/include/", "host/core/", "plugins/mqtt/", "plugins/ship/", "plugins/tcp/", "sdk/src/")


def resolve(name, target):
    """The project's file that an include means, or None if it is not one of ours."""
    folder = name.rsplit("/", 1)[0]
    segments = []
    for segment in f"{folder}/{target}".split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    candidates = ["/".join(segments)] + [base + target for base in BASES]
    return next((candidate for candidate in candidates if candidate in KNOWN), None)


def forbidden(name, part, target):
    """Why this file may not include that one, or None."""
    other = part_of(target)
    if other is None or other == part:
        if name.startswith("plugins/mqtt/codec/") and not target.startswith("plugins/mqtt/codec/"):
            return "the codec stands alone"
        return None
    if name.startswith("plugins/mqtt/codec/"):
        return "the codec stands alone"
    if part == "sdk":
        return "the SDK includes neither host nor plugins"
    if part.startswith("plugins/"):
        if other.startswith("plugins/"):
            return "no plugin includes another"
        if other != "sdk":
            return "a plugin never includes host"
    if part.startswith("host/") and other.startswith("plugins/"):
        if part == "host/cli" and target.startswith("plugins/mqtt/codec/"):
            return None
        return "host never includes a plugin"
    if part == "host/core" and other.startswith("host/"):
        return "core includes no program"
    if other == "sdk" and not target.startswith("sdk/include/"):
        return "only the SDK's public headers are open to others"
    return None


findings = []
judged = 0
for name in SOURCES:
    part = part_of(name)
    if part is None:
        continue
    content = tree.text(name)
    if content is None:
        findings.append(f"{name}: not UTF-8 text")
        continue
    judged += 1
    bare = re.sub(r"//[^\n]*", "", content)
    for match in INCLUDE.finditer(bare):
        line = bare.count("\n", 0, match.start()) + 1
        if match.group(2).startswith(("QtGui/", "QtWidgets/", "QWidget", "QGui")) and not part.startswith(
            "host/desktop"
        ):
            findings.append(f"{name}:{line}: only the desktop shows windows")
        if name.startswith("plugins/mqtt/codec/") and match.group(2) in (
            "QObject", "QIODevice", "QTcpSocket", "QtNetwork",
        ):
            findings.append(f"{name}:{line}: the codec knows no sockets and no QObject")
        target = resolve(name, match.group(2))
        reason = forbidden(name, part, target) if target else None
        if reason:
            findings.append(f"{name}:{line}: includes {target}: {reason}")
    if part == "host/core" or part.startswith("plugins/"):
        if name.startswith(THE_REAL_WORLD_LIVES_IN):
            continue
        for number, line in enumerate(code(content).splitlines(), 1):
            match = REAL_WORLD.search(line)
            if match:
                findings.append(
                    f"{name}:{number}: {match.group(0)} reaches the real world; the SDK's interfaces do that"
                )
if judged == 0:
    findings.append("no source was found; this reads the list of files from git")
tree.report(findings, f"{judged} files keep to the arrows")

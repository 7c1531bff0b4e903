"""Reads a scenario file. See README.md in this directory for the language."""

import re
import time

from packet import Error, tokens

BASE = """\
ping-check false;
default-lease-time 600;
max-lease-time 7200;
"""

SECTIONS = ("conf", "conf2", "leases", "hosts", "steps", "differs")


class Step:
    """One line of [steps]: a verb, its plain words, its key=value words, what is expected."""

    def __init__(self, line, number):
        self.line, self.number = line, number
        text, arrow, expected = line.partition(" -> ")
        self.words, self.keys = [], []
        for word in tokens(text):
            match = re.match(r"([a-z0-9-]+)=(.*)", word, re.S)
            if match:
                self.keys.append((match.group(1), match.group(2)))
            else:
                self.words.append(word)
        self.verb = self.words.pop(0)
        self.expected = expected.split() if arrow else None


class Scenario:
    def __init__(self, path):
        self.path = path
        self.name = path.rsplit("/", 1)[-1].removesuffix(".scn")
        self.about, self.interfaces, self.arguments = [], ["eth0"], []
        self.alive = []
        self.ends = False
        self.port = None
        text = dict.fromkeys(SECTIONS, "")
        section = None
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                header = re.fullmatch(r"\[([a-z0-9]+)\]\s*", line)
                if header:
                    section = header.group(1)
                    if section not in text:
                        raise Error(f"{path}:{number}: no section {section}")
                elif section is None:
                    self._head(line, number)
                else:
                    text[section] += line
        if not text["steps"].strip():
            raise Error(f"{path}: no steps")
        base = "" if "%nobase" in text["conf"] else BASE
        self.confs = [base + text["conf"].replace("%nobase", ""), base + text["conf2"] if text["conf2"] else None]
        self.leases = text["leases"]
        self.hosts = text["hosts"] or None
        self.steps = list(self._steps(text["steps"]))
        self.reason = [line[1:].strip() for line in text["differs"].splitlines() if line.startswith("#")]
        self.differs = [line for line in text["differs"].splitlines() if line and not line.startswith("#")]
        if self.differs and not self.reason:
            raise Error(f"{path}: [differs] gives no reason (a line starting with #)")

    def _head(self, line, number):
        key, colon, rest = line.partition(":")
        if line.startswith("#"):
            self.about.append(line[1:].strip())
        elif not line.strip():
            pass
        elif colon and key == "interfaces":
            self.interfaces = rest.split()
        elif colon and key == "arguments":
            self.arguments = rest.split()
        elif colon and key == "port":
            self.port = int(rest)
        elif colon and key == "ends":
            self.ends = True
        elif colon and key == "answers-ping":
            self.alive = rest.split()
        else:
            raise Error(f"{self.path}:{number}: not understood: {line.strip()}")

    @staticmethod
    def _steps(text):
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            many = re.match(r"each (\d+)-(\d+): (.*)", line)
            if many:
                for n in range(int(many.group(1)), int(many.group(2)) + 1):
                    yield Step(many.group(3).replace("@", str(n)), number)
            else:
                yield Step(line, number)


def dates(text, now):
    """{now}, {now-60}, {now+3600} in a lease file become dates."""

    def one(match):
        at = time.gmtime(now + int(match.group(1) or 0))
        return time.strftime("%w %Y/%m/%d %H:%M:%S", at)

    return re.sub(r"\{now([+-]\d+)?\}", one, text)

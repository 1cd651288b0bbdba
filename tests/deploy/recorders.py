"""Executables that stand in for gcloud, gh, docker and others: they write down their calls and answer from a table.

recorders = Recorders(tmp_path, "gcloud", "gh")
recorders.answer("gcloud run services describe", stdout="https://inkloop.example\\n")
recorders.answer("gcloud secrets describe", status=1, stderr="NOT_FOUND", until="gcloud secrets create")
done = recorders.run("deploy/setup.sh", "--dry-run", PROJECT="ours")
assert "gcloud run deploy" in recorders.commands[-1]
"""

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

# Starts often, so it imports little.
RECORDER = """\
import json, os, re, sys
folder, argv = os.path.dirname(os.path.dirname(__file__)), [os.path.basename(sys.argv[0]), *sys.argv[1:]]
def shown(word):
    quoted = "'" + word.replace("'", "'\\"'\\"'") + "'"
    return word if re.fullmatch(r"[\\w@%+=:,./-]+", word, re.ASCII) else quoted
command = " ".join(map(shown, argv))
with open(folder + "/calls", "a+") as log:
    log.seek(0)
    calls = [json.loads(line) for line in log]
def said(pattern):
    return any(call["status"] == 0 and re.search(pattern, call["command"]) for call in calls)
def applies(answer):
    return (
        re.search(answer["pattern"], command)
        and not (answer["after"] and not said(answer["after"]))
        and not (answer["until"] and said(answer["until"]))
        and not (answer["times"] and sum(call["answer"] == answer["number"] for call in calls) >= answer["times"])
    )
with open(folder + "/answers") as table:
    answers = reversed(json.load(table))
answer = next(filter(applies, answers), {"number": None, "stdout": "", "stderr": "", "status": 0})
stdin = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
call = {"argv": argv, "command": command, "stdin": stdin, "answer": answer["number"], "status": answer["status"]}
with open(folder + "/calls", "a") as log:
    log.write(json.dumps(call) + "\\n")
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["status"])
"""


class Call(NamedTuple):
    """argv: the program's name first. stdin: all that it was given there."""

    argv: list[str]
    stdin: str

    @property
    def command(self) -> str:
        """The words as a shell would take them."""
        return shlex.join(self.argv)


class Recorders:
    """Stand-ins for `programs`, first on the PATH of what `run` starts. Where the table is silent they succeed."""

    def __init__(self, folder: Path, *programs: str):
        self._folder, self._answers = folder / "recorders", []
        bin_folder = self._folder / "bin"
        bin_folder.mkdir(parents=True)
        for program in programs:
            path = bin_folder / program
            path.write_text(f"#!{sys.executable} -IS\n{RECORDER}", encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environment = os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
        self._write()

    def answer(
        self,
        pattern: str,
        stdout: str = "",
        stderr: str = "",
        status: int = 0,
        *,
        after: str = "",
        until: str = "",
        times: int = 0,
    ) -> None:
        """Answer so where the command, as a shell would show it, matches `pattern`; the newest that applies counts.

        after, until: only once, or only as long as no, earlier call matched that succeeded.
        times: at most so often; 0 is always.
        """
        self._answers.append({"number": len(self._answers), "pattern": pattern, "stdout": stdout, "stderr": stderr})
        self._answers[-1] |= {"status": status, "after": after, "until": until, "times": times}
        self._write()

    def run(self, *command: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the repository in its root, with `settings` in its environment, and wait for its end."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=self.environment | settings,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[Call]:
        """Every call, the oldest first."""
        log = self._folder / "calls"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [Call(said["argv"], said["stdin"]) for said in map(json.loads, lines)]

    @property
    def commands(self) -> list[str]:
        """Every call as a shell would take it."""
        return [call.command for call in self.calls]

    def _write(self) -> None:
        (self._folder / "answers").write_text(json.dumps(self._answers), encoding="utf-8")

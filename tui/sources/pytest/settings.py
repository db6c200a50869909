"""Whose run it is: agent, task, title and server, from options, environment, ini and project."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.protocol.text import clean

if TYPE_CHECKING:
    import pytest

MAX_NAME = 128
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Settings:
    agent: str
    task: str
    title: str
    root: Path
    """The project: pytest's rootdir."""


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    token: str | None


def read_settings(config: "pytest.Config") -> Settings:
    root = config.rootpath
    project = root.name or "project"
    agent = _chosen(config, "autosdlc_agent", "AUTOSDLC_AGENT") or f"tester@{project}"
    task = _chosen(config, "autosdlc_task", "AUTOSDLC_TASK") or git_branch(root) or project
    return Settings(
        agent=clean(agent, MAX_NAME).strip() or "tester",
        task=clean(task, MAX_NAME).strip() or "pytest",
        title=command_line(config.invocation_params.args),
        root=root,
    )


def find_server() -> Server | None:
    """AUTOSDLC_URL, else the newest server on this machine; None where there is neither."""
    from tui.discovery import find_servers, load_token, token_for

    if url := os.environ.get("AUTOSDLC_URL", "").strip():
        return Server(url, token_for(url))
    records = find_servers()
    return Server(records[0].url, load_token()) if records else None


def command_line(args: tuple[str | os.PathLike[str], ...]) -> str:
    """What was typed, without the options of this plugin."""
    words, skip = ["pytest"], False
    for word in map(str, args):
        if skip:
            skip = False
        elif word in ("--autosdlc-agent", "--autosdlc-task"):
            skip = True
        elif not word.startswith("--autosdlc"):
            words.append(shlex.quote(word))
    return clean(" ".join(words), MAX_TITLE)


def git_branch(directory: Path) -> str | None:
    """The checked-out branch, read from the files of git (also of a worktree); else None."""
    for parent in (directory, *directory.parents):
        git = parent / ".git"
        try:
            if git.is_file():  # a worktree or submodule: `gitdir: PATH`
                git = parent / git.read_text("utf-8").removeprefix("gitdir:").strip()
            head = (git / "HEAD").read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        branch = head.removeprefix("ref: refs/heads/")
        return branch if branch and branch != head else None
    return None


def _chosen(config: "pytest.Config", name: str, variable: str) -> str:
    option = config.getoption(name)
    return str(option or os.environ.get(variable, "").strip() or config.getini(name) or "")

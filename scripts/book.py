"""Holds the book to the program: its code, its links, its commands.

    python3 scripts/book.py check             code stands in the files that it names, links lead somewhere
    python3 scripts/book.py run PROGRAM       every command works, trainings shortened, in a directory of its own; the
                                              chapter of commands says what `--help` says
    python3 scripts/book.py commands PROGRAM  writes that chapter

A block of code that begins with `// crates/….rs` must stand in that file, each of its paragraphs in one piece. A block
marked `sh` is run, in the order of the chapters. `<!-- not run: why -->` before a block leaves it out;
`<!-- run: commands -->` prepares what a page supposes.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs" / "src"
COMMANDS = BOOK / "reference" / "commands.md"
# What makes a training take seconds.
SHORT = ["train.max_steps=6", "train.warmup_steps=2", "train.checkpoint_every=3", "train.batch_tokens=500",
         "validate.every=3", "validate.max_lines=4", "search.beam_size=1", "search.max_length_ratio=0.5"]
# Stands for `cargo` while the commands run: `cargo run -p train -- …` is the program.
CARGO = """#!/usr/bin/env bash
[ "${{*:1:4}}" = "run -p train --" ] || {{ echo "the book runs the program by 'cargo run -p train -- …', not: cargo $*" >&2; exit 2; }}
shift 4
case "${{1:-}}" in --config | train) exec "{program}" "$@" {short} ;; esac
exec "{program}" "$@"
"""
BLOCK = re.compile(r"(?P<before><!-- not run: [^>]*-->\n+)?^```(?P<kind>\S*)[^\n]*\n(?P<body>.*?)^```|<!-- run:\s(?P<run>.*?)-->",
                   re.M | re.S)


def pages():
    """The chapters in their order."""
    names = re.findall(r"\]\(([^)]+\.md)\)", (BOOK / "SUMMARY.md").read_text())
    return [BOOK / name for name in names]


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def check_code(page, text):
    for block in BLOCK.finditer(text):
        body = block["body"] or ""
        named = re.match(r"// (crates/\S+)\n", body)
        if not named:
            continue
        source = squeezed((ROOT / named[1]).read_text())
        for paragraph in re.split(r"\n\s*\n", body[named.end():]):
            if squeezed(paragraph) not in source:
                yield f"{page.name}: this is not in {named[1]}:\n{paragraph}"


def check_links(page, text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not (page.parent / link).exists():
            yield f"{page.name}: nothing is at {link}"


def check():
    listed = pages()
    faults = [f"{page.name} is in SUMMARY.md and is not there" for page in listed if not page.exists()]
    there = [page for page in BOOK.rglob("*.md") if page.name != "SUMMARY.md"]
    faults += [f"{page.name} is not in SUMMARY.md" for page in there if page not in listed]
    for page in there + [ROOT / "README.md"]:
        text = page.read_text()
        faults += [*check_code(page, text), *check_links(page, text)]
    return faults


def run(program):
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        for part in ["configs", "data/starter"]:
            shutil.copytree(ROOT / part, place / "clone" / part)
        (place / "bin").mkdir()
        cargo = place / "bin" / "cargo"
        short = " ".join(f"--set {one}" for one in SHORT)
        cargo.write_text(CARGO.format(program=pathlib.Path(program).resolve(), short=short))
        cargo.chmod(0o755)
        environment = os.environ | {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "NO_COLOR": "1"}
        count = 0
        for page in pages():
            for block in BLOCK.finditer(page.read_text()):
                commands = block["run"] or (block["body"] if block["kind"] == "sh" and not block["before"] else None)
                if not commands:
                    continue
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=place / "clone", env=environment,
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True)
                if done.returncode != 0:
                    return [f"{page.name}: ended with {done.returncode}\n{commands}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"]
                count += not block["run"]
        print(f"{count} blocks of commands ran")
        return []


def helps(program, path=()):
    """The path and the help of a command and of all below it."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    text = subprocess.run([program, *path, "--help"], env=environment, capture_output=True, text=True, check=True).stdout
    yield path, text
    listed = re.search(r"^Commands:\n((?:  .*\n|\n)+)", text, re.M)
    for name in re.findall(r"^  (\S+)", listed[1], re.M) if listed else []:
        if name != "help":
            yield from helps(program, (*path, name))


def commands(program):
    """The chapter of commands."""
    chapter = "# Every command\n\nWhat `--help` says (`-h` says it shorter); `train` stands for `cargo run -p train --`.\n"
    for path, text in helps(program):
        chapter += f"\n## {' '.join(('train', *path))}\n\n```text\n{text.strip()}\n```\n"
    return chapter


def main():
    match sys.argv[1:]:
        case ["check"]:
            faults = check()
        case ["run", program]:
            faults = run(program)
            if COMMANDS.read_text() != commands(program):
                faults.append(f"{COMMANDS.name} is not what --help says: python3 scripts/book.py commands {program}")
        case ["commands", program]:
            faults = []
            COMMANDS.write_text(commands(program))
        case _:
            sys.exit(__doc__)
    sys.exit("\n".join(faults) or 0)


main()

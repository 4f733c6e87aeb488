#!/usr/bin/env python3
"""Shows that the tree keeps to what is agreed for its text and can be told from it.

- every C file opens with a comment that says what it is
- no function is longer than 80 lines
- no file is unfinished by its own words, or names a path or a registry that is only of some machine
- no blanks at the ends of lines, and no tabs where they do not belong
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = re.compile(r"\.pb\.h$|Cargo\.lock$")
BINARY = {".pb", ".pbs", ".parquet"}
LONGEST_FUNCTION = 80
# Written so that this file does not hold the words it looks for.
UNFINISHED = re.compile(
    r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K]|stu[b]|placehol[d]er|for no[w]|not implement[e]d|hard-?cod[e]d)\b", re.I
)
MACHINE = re.compile(
    r"(?<![\w.])/(wor[k]|hom[e]|roo[t]|far[m]|Use[r]s)/|/tm[p]/(venv|bash|brief)|\.librar[y]/"
)
REGISTRY = re.compile(
    r"\b(pyp[i]\.org|crate[s]\.io|proxy\.golan[g]\.org|registry\.npmj[s]|deb\.debia[n]\.org)"
)


def tree():
    """The project's text files: what git knows or would add, or all but build/ where there is no git."""
    command = "git ls-files --cached --others --exclude-standard"
    listed = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.splitlines()]
    else:
        files = [
            file
            for file in ROOT.rglob("*")
            if file.relative_to(ROOT).parts[0] not in ("build", "data", ".git")
        ]
    return sorted(
        file
        for file in files
        if file.is_file() and file.suffix not in BINARY and not GENERATED.search(file.name)
    )


def opening_comment(file, text):
    if file.suffix in (".c", ".h") and not text.startswith("/*"):
        yield 1, "does not open with a comment"


def function_length(file, text):
    if file.suffix not in (".c", ".h"):
        return
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start > LONGEST_FUNCTION:
                yield start, f"a function of {number - start} lines"
            start = None


def words(pattern, what):
    def find(_file, text):
        for number, line in enumerate(text.splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield number, f"{what}: {found[0]}"

    return find


def blanks(file, text):
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield number, "blanks at the end"
        if "\t" in line and file.suffix in (".c", ".h", ".py", ".sh", ".rs"):
            yield number, "a tab"


RULES = {
    "C files open with a comment": opening_comment,
    f"functions have at most {LONGEST_FUNCTION} lines": function_length,
    "nothing is unfinished by its own words": words(UNFINISHED, "unfinished"),
    "no path of some machine": words(MACHINE, "path"),
    "no package registry is named": words(REGISTRY, "registry"),
    "no stray blanks or tabs": blanks,
}


def main():
    texts = {}
    for file in tree():
        try:
            texts[file] = file.read_text()
        except UnicodeDecodeError:
            continue
    failed = not texts
    for rule, find in RULES.items():
        found = [(file, *offence) for file, text in texts.items() for offence in find(file, text)]
        for file, number, offence in found:
            print(f"    {file.relative_to(ROOT)}:{number}: {offence}")
        failed = failed or bool(found)
        print("FAILED" if found else "ok", f"{rule} ({len(texts)} files)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

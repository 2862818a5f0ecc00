# SPDX-License-Identifier: Apache-2.0
"""matrix.tsv: one line a statement of the specification, and the cases that show that it holds.

Columns: id, level (MUST or SHOULD), section, what it says (in our words), cases in which it holds, cases in which
its opposite is refused, and where one of the two is missing, the reason.
"""
import fnmatch

COLUMNS = 7


class BadMatrix(Exception):
    pass


class Row:
    def __init__(self, line, number):
        parts = line.split("\t")
        if len(parts) != COLUMNS:
            raise BadMatrix(f"matrix.tsv:{number}: {len(parts)} columns, not {COLUMNS}")
        self.number = number
        self.id, self.level, self.section, self.says = parts[:4]
        self.holds, self.refuses = parts[4].split(), parts[5].split()
        self.why = parts[6].strip()


def read(path):
    rows = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.startswith("#"):
                rows.append(Row(line.rstrip("\n"), number))
    return rows


def complaints(rows, cases):
    known = {c.name: c for c in cases}
    ids = {}
    for r in rows:
        where = f"matrix.tsv:{r.number}: {r.id}"
        if r.id in ids:
            yield f"{where} is there twice"
        ids[r.id] = r
        if r.level not in ("MUST", "SHOULD"):
            yield f"{where}: the level {r.level!r} is neither MUST nor SHOULD"
        if not r.why and not (r.holds and r.refuses):
            yield f"{where}: a case that passes or one that is refused is missing, and no reason is given"
        for name in r.holds + r.refuses:
            if name not in known:
                yield f"{where}: there is no case {name}"
            elif r.id not in known[name].spec:
                yield f"{where}: case {name} does not cite it"
    for c in cases:
        for statement in c.spec:
            if statement not in ids:
                yield f"case {c.name} cites {statement}, which is not in matrix.tsv"
            elif c.name not in ids[statement].holds + ids[statement].refuses:
                yield f"case {c.name} cites {statement}, whose line does not name it"
        if not c.spec:
            yield f"case {c.name} cites nothing"


def show(path, cases):
    rows = read(path)
    print(f"{'document':<18}{'statements':>11}{'holds':>7}{'refused':>9}{'both':>6}{'reason only':>13}")
    documents = sorted({r.section.split("#")[0] for r in rows}, key=lambda d: [r.section.startswith(d) for r in rows].index(True))
    for d in [*documents, "*"]:
        of = [r for r in rows if fnmatch.fnmatch(r.section.split("#")[0], d)]
        both = sum(1 for r in of if r.holds and r.refuses)
        none = sum(1 for r in of if not r.holds and not r.refuses)
        print(f"{d if d != '*' else 'all':<18}{len(of):>11}{sum(1 for r in of if r.holds):>7}"
              f"{sum(1 for r in of if r.refuses):>9}{both:>6}{none:>13}")
    for level in ("MUST", "SHOULD"):
        of = [r for r in rows if r.level == level]
        print(f"{level}: {sum(1 for r in of if r.holds or r.refuses)} of {len(of)} have a case")
    print(f"{len(cases)} cases")
    wrong = list(complaints(rows, cases))
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0

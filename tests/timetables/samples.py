"""Small files in the forms that schools export, made here; nothing is copied from a real school."""

from pathlib import Path

DAYS = ("1Mon", "1Tue", "1Wed", "1Thu", "1Fri", "2Mon", "2Tue", "2Wed", "2Thu", "2Fri")
SPACE = "\u00a0"
NAMES = (
    "Ms Aurelia Quillfeather", "Mr Barnaby Oxtoby", "Dr Celandine Marchbanks", "Mr Dunstan Pettigrew",
    "Mrs Eglantine Warrender", "Mr Fitzroy Hollingsworth", "Miss Guinevere Ashcombe",
    "Mr Horatio Bickerstaff", "Ms Isolde Thackthwaite", "Mr Jocelyn Ravenscroft",
    "Ms Keziah Umfreville", "Mr Lysander Cholmondeley", "Ms Marigold Featherstone",
    "Mr Nathaniel O'Shaughnessy", "Ms Ottoline Vavasour", "Mr Peregrine Wolstenholme",
    "Ms Quintessa Yarborough", "Mr Rafferty Zouche", "Ms Seraphina Brock-Lesley", "Mr Tarquin Uhlenbeck",
)  # fmt: skip
"""Twenty names that no output may hold."""


def code(person: int, week: int, day: int, period: int) -> str:
    """Return what stands in a cell: a repeating pattern with every code that a reader knows."""
    turn = (person * 7 + week * 5 + day * 3 + period * 2) % 11
    if period == 6:
        return "P6" if turn == 0 and person == 3 else ""
    if person == 5 and day == 4:
        return "Blanking Code"
    if day == 0 and period == 1 and person % 2:
        return "Pastoral P"
    if turn == 1 and person == 4:
        return "COVER"
    if turn < 7:
        subject = ("Ma", "En", "Sc")[(person - 1) % 3]
        return f"{7 + person % 5}{'abc'[turn % 3]}/{subject}{1 + turn % 4}"
    return ""


def sims(
    people: list[str] | None = None,
    *,
    weeks: int = 2,
    periods: int = 6,
    extra: dict[tuple[int, int, int, int], str] | None = None,
) -> str:
    """Return a SIMS staff timetable of some people.

    ``extra`` puts another text into the cell (person, week, day, period).
    """
    staff = people if people is not None else [f"Staff T{i:03d}" for i in range(1, 7)]
    days = DAYS[: 5 * weeks]
    wide = "," * len(days)
    out = ["\ufeff" + wide]
    for n, name in enumerate(staff, start=1):
        out += [f"Timetable - {name}", "as at 02/09/2025" + wide, wide, "," + ",".join(days)]
        for period in range(1, periods + 1):
            codes, rooms = [], []
            for i in range(len(days)):
                text = code(n, i // 5 + 1, i % 5, period)
                text = (extra or {}).get((n, i // 5 + 1, i % 5, period), text)
                codes.append(text + SPACE if text else "")
                rooms.append(f"R{n} Hall{SPACE}" if "/" in text else "")
            out += [f"{period}," + ",".join(codes), "," + ",".join(rooms)]
        out += [wide, wide, wide]
    return "\n".join(out) + "\n"


def roster(rows: list[str] | None = None) -> str:
    """Return a roster of two pairs, or of the rows given."""
    usual = [
        "T001,ect,1,1.0,Mathematics,T004",
        "T002,ect,2,0.8,English,T003",
        "T004,mentor,,1,Mathematics,",
    ]
    head = "staff,role,induction_year,fte,department,mentor"
    return "\n".join([head, *(usual if rows is None else rows)]) + "\n"


LONG_HEAD = "week,day,period,staff,kind,class,subject,room"
LONG = "\n".join(
    [
        LONG_HEAD,
        *(
            f"{week},{day},{period},{who},lesson,{year}a/{subject}1,{subject},R1"
            for week in (1, 2)
            for day in ("Mon", "Tue", "Wed", "Thu", "Fri")
            for who, subject, year, periods in (
                ("A1", "Ma", 7, (1, 2, 4)),
                ("B2", "En", 8, (1, 3, 5)),
                ("C3", "Sc", 9, (2, 3, 4)),
            )
            for period in periods
        ),
        "1,Mon,3,A1,meeting,,Team,",
        "2,Fri,4,B2,unknown,,Zzz,",
    ]
)
"""A long table of three people with a meeting and an unknown cell."""

CALENDAR = """kind,name,first,last
half_term,autumn,2025-09-01,2025-12-19
half_term,spring,2026-01-05,2026-03-27
half_term,summer,2026-04-13,2026-07-20
inset,INSET,2025-09-01,2025-09-01
"""

GRID = """cycle_weeks = 2

[[period]]
id = "Tut"
start = "08:30"
end = "09:00"
kind = "before"

[[period]]
id = "1"
start = "09:00"
end = "10:00"

[[period]]
id = "2"
start = "10:00"
end = "11:00"

[[period]]
id = "3"
start = "11:00"
end = "12:00"

[[period]]
id = "4"
start = "13:00"
end = "14:00"

[[period]]
id = "5"
start = "14:00"
end = "15:00"

[[period]]
id = "6"
start = "15:00"
end = "16:00"
kind = "after"
"""


def put(folder: Path, name: str, text: str | bytes) -> Path:
    """Write a file into a folder and return it."""
    path = folder / name
    if isinstance(text, bytes):
        path.write_bytes(text)
    else:
        path.write_text(text, encoding="utf-8", newline="\n")
    return path

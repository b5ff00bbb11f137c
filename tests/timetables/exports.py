"""Small files in the forms of FET, XHSTT, Untis and others, made here from public descriptions."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
SPANISH = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes")
HOURS = ("1ª 08:15", "2ª 09:15", "3ª 10:30", "4ª 11:30", "5ª 12:45")
TEACHERS = ("MA1", "EN1", "SC1", "SC2")

# activity, day, hour (from 0), students, subject, teachers, room
ACTIVITIES: list[tuple[int, int, int, str, str, tuple[str, ...], str]] = [
    (100 + 20 * day + 4 * hour + i, day, hour, f"{7 + i}a", subject, who, f"R{i}")
    for day in range(5)
    for hour in range(4)
    for i, (subject, who) in enumerate(
        (("Maths", ("MA1",)), ("English", ("EN1",)), ("Science", ("SC1", "SC2")))
    )
    if (day + hour + i) % 3 or hour == 0
]
ACTIVITIES.append((900, 4, 4, "", "Duty", ("MA1",), ""))


def fet_csv(
    *,
    days: tuple[str, ...] = SPANISH,
    hours: tuple[str, ...] = HOURS,
    extra: list[str] | None = None,
) -> str:
    """Return FET's timetable of activities; its rows stand in no order of days."""
    out = [
        '"Activity Id","Day","Hour","Students Sets","Subject","Teachers","Activity Tags","Room",'
        '"Comments"'
    ]
    for number, day, hour, students, subject, who, room in sorted(
        ACTIVITIES, key=lambda a: (a[0] * 7) % 11
    ):
        cells = (number, days[day], hours[hour], students, subject, "+".join(who), "", room, "")
        out.append(",".join(f'"{c}"' for c in cells))
    return "\ufeff" + "\n".join([*out, *(extra or [])]) + "\n"


def fet_xml(
    *,
    days: tuple[str, ...] = SPANISH,
    hours: tuple[str, ...] = HOURS,
    people: tuple[str, ...] = (*TEACHERS, "PT1"),
    also: str = "",
) -> str:
    """Return FET's timetables of teachers; PT1 has none. ``also`` goes into MA1's first hour."""
    out = ['\ufeff<?xml version="1.0" encoding="UTF-8"?>', "<Teachers_Timetable>"]
    for who, name in zip((*TEACHERS, "PT1"), people, strict=True):
        out.append(f'  <Teacher name="{name}">')
        for day, day_name in enumerate(days):
            out.append(f'   <Day name="{day_name}">')
            for hour, hour_name in enumerate(hours):
                out.append(f'    <Hour name="{hour_name}">')
                for number, d, h, students, subject, teachers, room in ACTIVITIES:
                    if (d, h) == (day, hour) and who in teachers:
                        parts = f'<Activity id="{number}"></Activity><Subject name="{subject}"></Subject>'
                        parts += f'<Students name="{students}"></Students>' if students else ""
                        out.append(parts + (f'<Room name="{room}"></Room>' if room else ""))
                if also and (who, day, hour) == ("MA1", 0, 0):
                    out.append(also)
                out.append("    </Hour>")
            out.append("   </Day>")
        out.append("  </Teacher>")
    return "\n".join([*out, "</Teachers_Timetable>", ""])


def fet_input(
    *, days: tuple[str, ...] = SPANISH, hours: tuple[str, ...] = HOURS, more: str = ""
) -> str:
    """Return the part of a FET input file that the reader looks at."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>', '<fet version="6.8.5">', "<Days_List>"]
    out += [f"<Day><Name>{d}</Name></Day>" for d in days]
    out += ["</Days_List>", "<Hours_List>", *(f"<Hour><Name>{h}</Name></Hour>" for h in hours)]
    out += ["</Hours_List>", "<Teachers_List>"]
    out += [f"<Teacher><Name>{t}</Name></Teacher>" for t in (*TEACHERS, "PT1")]
    out += ["</Teachers_List>", "<Activities_List>"]
    for number, _, _, students, subject, who, _ in ACTIVITIES:
        teachers = "".join(f"<Teacher>{t}</Teacher>" for t in who)
        out.append(
            f"<Activity>{teachers}<Subject>{subject}</Subject><Students>{students}</Students>"
            f"<Duration>1</Duration><Id>{number}</Id><Active>true</Active></Activity>"
        )
    return "\n".join([*out, more, "</Activities_List>", "</fet>", ""])


def untis(separator: str = ",", *, extra: list[str] | None = None) -> str:
    """Return an Untis interface file; lessons with two teachers and with two classes are in it."""
    out = []
    for number, day, hour, students, subject, who, room in ACTIVITIES:
        for teacher in who:
            classes = [students, "9z"] if number == 100 else [students]
            for name in classes:
                cells = (number, f'"{name}"', f'"{teacher}"', f'"{subject}"', f'"{room}"')
                out.append(separator.join([*map(str, cells), str(day + 1), str(hour + 1), "", ""]))
    return "\n".join([*out, *(extra or [])]) + "\n"


def xhstt(
    *,
    solutions: tuple[tuple[str, str], ...] = (("late", "0 9"), ("best", "0 3"), ("broken", "2 0")),
    friday: int = 5,
    weeks: int = 1,
    extra: str = "",
    extra_event: str = "",
) -> str:
    """Return an XHSTT archive: teachers of maths and English fixed, that of science open.

    Each solution is a name and its report's two costs, "" for none. The best one gives science to
    SC2, the others to SC1. ``extra`` goes into each solution's events, ``extra_event`` into the
    instance's.
    """
    times, groups = [], []
    for week in range(1, weeks + 1):
        groups += [f'<Week Id="w{week}"><Name>Week {week}</Name></Week>'] if weeks > 1 else []
        for day, name in enumerate(DAYS):
            groups.append(f'<Day Id="d{week}{day}"><Name>{name}</Name></Day>')
            for hour in range(friday if day == 4 else 5):
                mark = f'<Week Reference="w{week}"/>' if weeks > 1 else ""
                times.append(
                    f'<Time Id="t{week}{day}{hour}"><Name>{name}_{hour + 1}</Name>{mark}'
                    f'<Day Reference="d{week}{day}"/></Time>'
                )
    resources = [
        f'<Resource Id="{r}"><Name>{r}</Name><ResourceType Reference="{kind}"/></Resource>'
        for kind, names in (
            ("Teacher", (*TEACHERS, "PT1")), ("Class", ("7a", "8a", "9a")), ("Room", ("R0", "R1", "R2")),
        )
        for r in names
    ]  # fmt: skip
    events, placed = [], []
    for number, day, hour, students, subject, who, room in ACTIVITIES:
        fixed = [students, room] if students else []
        fixed += ["" if "SC1" in who else who[0]]
        inside = "".join(
            f'<Resource Reference="{r}"><Role>{r}</Role></Resource>'
            if r
            else '<Resource><Role>Teacher</Role><ResourceType Reference="Teacher"/></Resource>'
            for r in fixed
        )
        events.append(
            f'<Event Id="e{number}"><Name>{subject}</Name><Duration>1</Duration>'
            f"<Resources>{inside}</Resources></Event>"
        )
        placed.append((number, f"t1{day}{hour}", "SC1" in who))
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<HighSchoolTimetableArchive Id="Test"><Instances><Instance Id="School">',
        f"<Times><TimeGroups>{''.join(groups)}</TimeGroups>",
        *times,
        "</Times><Resources><ResourceTypes>",
        *(f'<ResourceType Id="{k}"><Name>{k}</Name></ResourceType>' for k in ("Teacher", "Class", "Room")),
        "</ResourceTypes>",
        *resources,
        "</Resources><Events>",
        *events,
        extra_event,
        "</Events><Constraints/></Instance></Instances><SolutionGroups>",
    ]  # fmt: skip
    for name, costs in solutions:
        out.append(f'<SolutionGroup Id="{name}"><Solution Reference="School"><Events>')
        teacher = "SC2" if name == "best" else "SC1"
        for number, time, is_open in placed:
            added = f'<Resource Reference="{teacher}"><Role>Teacher</Role></Resource>'
            out.append(
                f'<Event Reference="e{number}"><Duration>1</Duration><Time Reference="{time}"/>'
                f"{f'<Resources>{added}</Resources>' if is_open else ''}</Event>"
            )
        report = ""
        if costs:
            hard, soft = costs.split()
            report = f"<Report><InfeasibilityValue>{hard}</InfeasibilityValue>"
            report += f"<ObjectiveValue>{soft}</ObjectiveValue></Report>"
        out.append(f"{extra}</Events>{report}</Solution></SolutionGroup>")
    return "\n".join([*out, "</SolutionGroups></HighSchoolTimetableArchive>", ""])


def slots(spell: str = "{w}{d}:{p}", *, weeks: int = 2, periods: int = 5) -> str:
    """Return a table with one column for the slot, spelled by a pattern."""
    out = ["slot,staff,class,subject,room"]
    number = 0
    for week in range(1, weeks + 1):
        for day, name in enumerate(DAYS):
            for period in range(1, periods + 1):
                number += 1
                slot = spell.format(w=week, a="AB"[week - 1], d=name, p=period, n=number)
                for i, who in enumerate(("A1", "B2", "C3")):
                    if (day + period + i + week) % 4:
                        out.append(f"{slot},{who},{7 + i}a/Ma{i},Ma,R{i}")
    return "\n".join(out) + "\n"


def matrix(spell: str = "{d}{a}:{p}", *, weeks: int = 2, periods: int = 5) -> str:
    """Return a grid of the same people and lessons as :func:`slots`, slots as columns."""
    heads: list[str] = []
    rows: dict[str, list[str]] = {"A1": [], "B2": [], "C3": []}
    for week in range(1, weeks + 1):
        for day, name in enumerate(DAYS):
            for period in range(1, periods + 1):
                heads.append(
                    spell.format(w=week, a="AB"[week - 1], d=name, p=period, n=len(heads) + 1)
                )
                for i, who in enumerate(rows):
                    busy = (day + period + i + week) % 4
                    rows[who].append(f"{7 + i}a/Ma{i} R{i}" if busy else "")
    return "\n".join([",".join(["Staff", *heads]), *(",".join([w, *r]) for w, r in rows.items())])

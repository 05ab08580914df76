"""pytest plugin of the bench: one target a session, an established state a test, one record a run.

Loaded by `sluss bench` (`-p host_tools.bench.plugin`). Tests in tests/bench know a detector only
by these fixtures.

Fixtures
--------
target      session. `target.Target`: line(role, level), pulse(role, ms), jumper, power_cycle,
            reset, fault, camera, link_fault, hang, served, spare ... Flashed, provisioned,
            running. Do not close it.
witness     session. `witness.Witness` of that target: now_us(), wait(signal, value, deadline,
            since_us) -> Event(t_us, signal, value), events(), level(), count(), stayed(), quiet().
within      within(seconds) -> Deadline; every wait takes one.
idle        in force for every bench test without being named (unless it is marked `raw_board`):
            lines low, jumper out, faults cleared, firmware in IDLE without faults. Power-cycles if
            anything is off. It goes by the firmware's `status` only: whether the gate is really
            shut is for tests to say.
hub         HubClient with the customer's key, connected; survives resets by connecting again:
            `hub.command("arm")`, `hub.events`, ...
arc         ArcClient with the alarm centre's key, listening on the uplink from before the alarm.
console     ConsoleClient: console.command("status").
customer_keys, arc_keys   the key files as host_tools.client gives them.
config      dict: the configuration that the board was provisioned with (BENCH_CONFIG).
status      status() -> dict of the firmware's own word, over the console.
measure     measure(name, value_or_values, unit, low=None, high=None, judged="max"): records,
            then fails the test if the limits do not hold. judged: "max", "p99" or "median".
scope       scope(title, since_us, until_us=None, signals=None, marks=()): keeps that stretch of
            the witness's log; the report draws it.
picture     picture(jpeg, served, caption): compares with the camera's copy (fails the test if
            they differ), keeps it for the report.
hostile     hostile(source, max_ms=None) -> Target: another board on which boot.py is absent and
            main.py is `source`, nothing else; running, jumper out. Closed by itself. In `source`,
            `{UPLINK_EN}` and so on are replaced by the pin numbers.
spare       spare(clone=True, max_ms=None, flash_costs="free") -> Bench: another whole board with
            .target .witness .hub .arc .console, a copy of this one's flash. Closed by itself.

Markers
-------
promise("P1", ...)   the promises that the test speaks for.
needs("faults", ...) capabilities of the target; skipped with that reason where missing.
statistics           a long series of measurements; left out of sabotage runs.
raw_board            no `idle`: the test says itself from where it starts.

A test's sentence in the report is the first line of its docstring, else its name.
"""

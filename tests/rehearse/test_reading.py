"""Faulty scenario files: each is refused with its place before anything runs."""

from __future__ import annotations

import pytest

from engine.errors import InvalidWorkflow

STEP = "wait: 1 days"
FAULTS = [
    ("clock: 2026-01-12 09:00", "clock: soon", "2:8: 'soon' is no date; write 2026-03-02 or 2026-03-02 09:00"),
    ("clock: 2026-01-12 09:00\n", "", "1:1: a scenario file needs `clock`"),
    ("people:", "peple:", "3:1: a scenario file has no key 'peple'"),
    ("workflow: order.yaml", "workflow: ordr.yaml", "1:11: there is no workflow file ordr.yaml beside this one"),
    ("roles: [chief]", "roles: [cheif]", "6:3: chris has an unknown role 'cheif'"),
    ("roles: [chief]", "roles: [chief], declares: [sod]", "6:3: chris declares an unknown duty 'sod'"),
    ("{case: order}", "{case: ordr}", "8:3: order is a case of an unknown workflow 'ordr'"),
    ("{case: order}", "{case: order, roles: [clerk]}", "8:24: order, who stands for a case, has no key 'roles'"),
    ("  ana:", "  system:", "4:3: 'system' cannot be a person here"),
    ("scenarios:", "calls: {weigh: [{return: {}}]}\nscenarios:", "9:9: 'weigh' is no call"),
    ("scenarios:", "calls: {scale.weigh: []}\nscenarios:", "9:22: scale.weigh needs an answer"),
    ("scenarios:", "calls: {scale.weigh: [{return: 3}]}\nscenarios:", "9:32: `return` is a map of names and values"),
    ("scenarios:", "calls: {scale.weigh: [{fail: x, return: {}}]}\nscenarios:", "9:23: a mocked answer is one of return, fail, refuse"),
    ("scenarios:", "coverage: {transitions: 101}\nscenarios:", "9:25: 101 is no share; write a number from 0 to 100"),
    ("scenarios:", "coverage: {steps: 100}\nscenarios:", "9:12: coverage has no key 'steps'"),
    ("scenarios:", "policies: [always fine]\nscenarios:", "9:12: 'always fine' is no policy that is known"),
    ("scenarios:", "policies: [never listed before nowhere]\nscenarios:", "9:12: 'nowhere' is neither a state nor an event"),
    ("by: zavod", "by: zavd", "11:16: nobody is called 'zavd' in `people`"),
    ("    open: {by: zavod, ", "    open: {by: zavod, workflow: part, ", "11:23: open has no key 'workflow'"),
    (STEP, "wait: 6m", "13:15: '6m' is a short form"),
    (STEP, "until: 2026-13-01", "13:16: '2026-13-01' is no date"),
    (STEP, "{do: accept}", "13:9: a step with `do` needs `by`"),
    (STEP, "{do: accept, by: ana, wait: 1 days}", "13:9: a step has exactly one of do, refuse, wait, until, expect, open"),
    (STEP, "{by: ana}", "13:9: a step has exactly one of do, refuse, wait, until, expect, open"),
    (STEP, "{wait: 1 days, by: ana}", "13:9: beside `wait` a step has nothing else"),
    (STEP, "{do: acept, by: ana}", "13:14: order has no event 'acept'"),
    (STEP, "refuse: {do: acept, by: ana}", "13:22: order has no event 'acept'"),
    (STEP, "refuse: {do: accept, by: ana, because: GuardRefusd}", "13:48: there is no refusal 'GuardRefusd'"),
    (STEP, "{do: finish, by: ana, case: prt}", "13:14: there is no workflow 'prt'"),
    (STEP, "{do: accept, by: ana, with: [a]}", "13:37: `with` is a map of names and values"),
    (STEP, "{do: accept, by: ana, because: Refused}", "13:31: a step has no key 'because'"),
    (STEP, "open: {by: ana}", "13:15: open needs `workflow`"),
    (STEP, "open: {workflow: prt, by: ana}", "13:15: there is no workflow 'prt'"),
    (STEP, "expect: {}", "13:17: expect says nothing"),
    (STEP, "expect: {inn: check}", "13:18: expect has no key 'inn'"),
    (STEP, "expect: {in: }", "13:22: a text is wanted here, or a list of them"),
    (STEP, "expect: {not_in: chek}", "13:26: order has no state 'chek'"),
    (STEP, "expect: {case: part, in: check}", "13:34: part has no state 'check'"),
    (STEP, "expect: {sent: {too: ana}}", "13:25: `sent` has no key 'too'"),
    (STEP, "expect: {sent: {times: 1}}", "13:24: `sent` needs `to`, `template` or both"),
    (STEP, "expect: {sent: {to: ana, times: one}}", "13:41: a whole number is wanted here, not 'one'"),
    (STEP, "expect: {data: {order.wight: 1}}", "13:24: order has no field 'order.wight'"),
    (STEP, "expect: {data: order}", "13:24: this is a map of names and values"),
    (STEP, "expect: {deadline: {deside: none}}", "13:28: order has no deadline 'deside'"),
    (STEP, "expect: {deadline: {decide: soon}}", "13:37: 'soon' is no date; write one like 2026-03-02, or none"),
    (STEP, "expect: {certificate: {holdr: z1}}", "13:31: order has no fact of the certificate 'holdr'"),
    (STEP, "expect: {register: {token: z1}}", "13:28: order has no fact of the register 'token'"),
    (STEP, "expect: {children: many}", "13:28: a whole number is wanted here, not 'many'"),
    (STEP, "expect: {children: {prt: 1}}", "13:28: order has no neighbour 'prt'"),
    (STEP, "expect: {outcome: [a]}", "13:27: one name is wanted here"),
    (STEP, f"{STEP}\n    end: {{in: check}}", "14:11: end has no key 'in'"),
    (STEP, f"{STEP}\n    end: {{open_work: -1}}", "14:22: a whole number is wanted here, not '-1'"),
    (STEP, f"{STEP}\n    each: {{a: [1, 2], b: [1]}}", "14:11: `each` has lists that go together"),
    (STEP, f"{STEP}\n    each: {{}}", "14:11: `each` has lists that go together"),
    (STEP, f"{STEP}\n    steps: []", "14:5: "),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "finding"), FAULTS)
def test_a_faulty_file_is_refused_with_its_place(run, written, right, wrong, finding):
    """Line, column and what is wrong; nothing has run."""
    text = written({"told": [STEP]})
    assert right in text
    with pytest.raises(InvalidWorkflow) as refused:
        run(text.replace(right, wrong, 1))
    found = refused.value.diagnostics[0]
    assert f"{found.mark.line}:{found.mark.column}: {found.message}".startswith(finding)


def test_a_near_name_is_offered(run, written):
    """The hint says what could have been meant."""
    with pytest.raises(InvalidWorkflow) as refused:
        run(written({"told": ["expect: {in: corection}", "{do: acept, by: ana}"]}))
    assert [one.hint for one in refused.value.diagnostics] == ["did you mean 'correction'?", "did you mean 'accept'?"]


def test_all_files_are_read_before_one_runs(run, written, folder):
    """A fault in the last file is told at once."""
    (folder / "zz.test.yaml").write_text("workflow: order.yaml\n")
    with pytest.raises(InvalidWorkflow, match="needs `clock`"):
        run(written({"told": [STEP]}))

"""Rules of what files say to each other: templates, other workflows."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, ERROR, FIRM, LATE, NOTE, WARNING, Rule

BETWEEN = (
    Rule(
        "WF071",
        "A template that is not there",
        LATE,
        "The message could not be written; its effect would be dead, and somebody would have to see to it.",
        "`notify: [buyer], template: came`, and templates/ has no came.en.txt.",
        "templates/came.en.txt is there, or the template has another name.",
    ),
    Rule(
        "WF072",
        "A workflow that is not there",
        (NOTE, WARNING, ERROR),
        "What is opened or sent to has no file here, so what is said to it cannot be checked, and nothing could be opened.",
        "`open: visit`, and no file says `workflow: visit`.",
        "visit.yaml is in the same folder.",
    ),
    Rule(
        "WF073",
        "A value given that the receiver does not take",
        ALWAYS,
        "Nothing but the receiver's form is taken; the step that sends would be recorded as not taken.",
        "`open: visit, with: {place.nmae: …}`, and the opening form of `visit` has `place.name`.",
        "The path is in the receiver's form.",
    ),
    Rule(
        "WF074",
        "A value of another type than the receiver takes",
        ALWAYS,
        "The receiver refuses it.",
        "`open: visit, with: {place.floor: '\"third\"'}`, and `place.floor` is an integer.",
        "The expression has the type of the receiver's field.",
    ),
    Rule(
        "WF075",
        "A value missing that the receiver must have",
        ALWAYS,
        "The receiver's form has it with `!`; without it the case is not opened, or the event not taken.",
        "`open: visit`, and the opening form of `visit` has `place.name!`.",
        "`open: visit, with: {place.name: offer.town}`.",
    ),
    Rule(
        "WF076",
        "An event that the receiver does not know",
        ALWAYS,
        "No state of the receiver has such an event.",
        "`send: hurry, to: visit`, and `visit` has no event `hurry`.",
        "The receiver has the event.",
    ),
    Rule(
        "WF077",
        "A sender that the receiver does not admit",
        ALWAYS,
        "The receiver's `by` does not name this workflow.",
        "`send: hurry, to: visit` from `sample`, and `visit` has `hurry: {by: clerk}`.",
        "`visit` has `hurry: {by: [clerk, sample]}`.",
    ),
    Rule(
        "WF078",
        "A workflow's name that is nearly that of another",
        (WARNING, WARNING, WARNING),
        "One of them is probably misspelt.",
        "`by: [vist]` beside a workflow `visit`.",
        "`by: [visit]`.",
        "likely",
    ),
    Rule(
        "WF109",
        "A letter that names what its workflow does not have",
        FIRM,
        "It could not be written: the name has no value in any case, so each time the message would be dead, and somebody would have to see to it.",
        "came.en.txt says `{{ data.offer.prise }}`, and the workflow that sends it has `offer.price`.",
        "It says `{{ data.offer.price }}`.",
    ),
    Rule(
        "WF094",
        "A delivery that is waited for, of a letter that waits for the digest",
        ALWAYS,
        "Nobody can wait for a letter that may go out tomorrow, with others, or not at all.",
        "`notify: [buyer], template: came, delivered: offer.told_at`, and came.en.txt says `Digest: daily`.",
        "The template does not say `Digest: daily`, or nobody waits for its delivery.",
    ),
)

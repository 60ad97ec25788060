"""Cases that are tried out on the real engine: data that fit, people who may act, time that passes, answers from outside."""

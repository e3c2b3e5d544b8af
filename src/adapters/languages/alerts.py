"""What needs a person, in words: the same in a mail and on the page. (OPS-09)"""

from typing import Final

from adapters.languages.text import N_
from domain.oversight.alert import Rule

HEADINGS: Final = {
    Rule.WORKER_QUIET: N_("The worker has not been heard of"),
    Rule.JOB_FAILS: N_("Scheduled work keeps failing: {subject}"),
    Rule.GIVEN_UP: N_("Work was given up: {subject}"),
    Rule.BEHIND: N_("Work falls behind: {subject}"),
    Rule.PROVIDER_RESTS: N_("An outside service does not answer: {subject}"),
    Rule.NO_BACKUP: N_("There is no fresh backup"),
    Rule.DISK_FULL: N_("The disk is nearly full"),
    Rule.SIGN_INS_FAIL: N_("Very many sign-ins fail"),
}
ADVICE: Final = {
    Rule.WORKER_QUIET: N_("No mail goes out and no payment is settled until it runs again. Start the worker."),
    Rule.JOB_FAILS: N_("It has failed {number} times in a row. The page of jobs shows why."),
    Rule.GIVEN_UP: N_("{number} wait for a person after all their tries. They can be tried again from the queues."),
    Rule.BEHIND: N_("{number} are waiting, some of them for more than ten minutes. Look whether the worker keeps up."),
    Rule.PROVIDER_RESTS: N_("It has been left alone for over ten minutes. Other ways are used where there are any."),
    Rule.NO_BACKUP: N_("The newest backup is more than a day old. The page of jobs shows why none was made."),
    Rule.DISK_FULL: N_("{number} percent of it are free. Make room before the school stops."),
    Rule.SIGN_INS_FAIL: N_(
        "More than {number} in ten minutes: somebody may be guessing passwords. No account takes more than ten bad "
        "tries in a quarter of an hour; the log of requests shows where they come from."
    ),
}

"""How old somebody is: counted in whole years, on the calendar of the place where he lives. (SAFE-01)"""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import Invalid

MAJORITY_YEARS: Final = 18
OLDEST_YEARS: Final = 120


def age_on(birth_date: date, day: date) -> int:
    """Who is born on 29 February grows older on 1 March where there is no such day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_minor(birth_date: date | None, zone: str, now: datetime, majority_years: int = MAJORITY_YEARS) -> bool:
    """Who has told no birth date counts as grown up: nobody is approved as a learner without one."""
    if birth_date is None:
        return False
    return age_on(birth_date, now.astimezone(ZoneInfo(zone)).date()) < majority_years


def born_on(birth_date: date, now: datetime) -> date:
    """The date, if somebody alive can have been born then. Raises Invalid."""
    today = now.date()
    if birth_date > today or age_on(birth_date, today) > OLDEST_YEARS:
        raise Invalid("nobody alive was born on that day", field="birth_date")
    return birth_date

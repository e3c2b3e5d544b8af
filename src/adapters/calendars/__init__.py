"""Other calendars of Qaris, read for the times at which they are busy. (DISC-06)"""

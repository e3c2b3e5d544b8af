"""Google as we use it: who we are there, and its Calendar. What is done with it lies with meetings and calendars."""

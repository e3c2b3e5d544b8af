"""One lesson, as its two sides see it and change it."""

from adapters.http.web.lessons.changes import LessonChangeController
from adapters.http.web.lessons.feed import FeedPageController
from adapters.http.web.lessons.trial import TrialPageController
from adapters.http.web.lessons.view import LessonPageController

CONTROLLERS_MAIN = (LessonPageController, LessonChangeController, FeedPageController, TrialPageController)

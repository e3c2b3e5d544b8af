"""What a handler is given by name, as it is: the container has made it of the right kind, and to ask on each request
whether it fits a protocol takes longer than much of what it is needed for.
"""

from typing import Annotated, TypeAlias, TypeVar

from litestar.di import Dependency
from litestar.params import SkipValidationMarker

T = TypeVar("T")
NamedDependency: TypeAlias = Annotated[T, Dependency(kind="named"), SkipValidationMarker()]

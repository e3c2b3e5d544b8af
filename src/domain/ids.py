"""Typed ids. All are UUIDs (version 7 when we make them, so that they sort by time)."""

from typing import NewType
from uuid import UUID

AcademyId = NewType("AcademyId", UUID)
UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
GuardianshipId = NewType("GuardianshipId", UUID)
ClearanceId = NewType("ClearanceId", UUID)
PasskeyId = NewType("PasskeyId", UUID)
BookingId = NewType("BookingId", UUID)
SeriesId = NewType("SeriesId", UUID)
ProposalId = NewType("ProposalId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)
DisputeId = NewType("DisputeId", UUID)
JournalId = NewType("JournalId", UUID)
MeetingId = NewType("MeetingId", UUID)
MeetingHostId = NewType("MeetingHostId", UUID)
StrayId = NewType("StrayId", UUID)
ConnectionId = NewType("ConnectionId", UUID)
EventId = NewType("EventId", UUID)
WebhookId = NewType("WebhookId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
ExportId = NewType("ExportId", UUID)
ErasureId = NewType("ErasureId", UUID)
ApplicationId = NewType("ApplicationId", UUID)
DocumentId = NewType("DocumentId", UUID)

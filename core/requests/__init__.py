"""Puts and calls: credentials, policies, decisions, limits and audit records."""

from .annotations import base_of
from .audit_values import ArraySummary
from .claims import MAX_NAME, decoded
from .command_arguments import argument_type
from .credentials import Credentials
from .policy import ALLOW, AccessPolicy, Allow, Decision, Deny, changes
from .queued_bytes import QueuedBytes, size_of
from .request import PutRequest, Reply, Request, RequestRecord, RpcRequest

__all__ = [
    "ALLOW",
    "AccessPolicy",
    "Allow",
    "ArraySummary",
    "Credentials",
    "Decision",
    "Deny",
    "MAX_NAME",
    "PutRequest",
    "QueuedBytes",
    "Reply",
    "Request",
    "RequestRecord",
    "RpcRequest",
    "argument_type",
    "base_of",
    "changes",
    "decoded",
    "size_of",
]

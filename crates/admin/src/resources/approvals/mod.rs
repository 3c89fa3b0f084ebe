//! The approval of a second administrator: who must ask for what, who was asked, what came of it.
//!
//! A policy protects a kind of operation. Whoever asks for one is refused with a code; when
//! another administrator has approved the code, the same request with it goes through, once.
//!
//! Source: Microsoft Intune, "Use Multi Admin Approval with the Microsoft Graph API"; Microsoft
//! Graph beta, resource types `operationApprovalPolicy` and `operationApprovalRequest`.

mod answer;
mod book;
mod error;
mod gate;
mod header;
mod policy;
mod request;
mod schema;
mod sight;

pub(crate) use answer::{ApprovalOperation, answer};
pub(crate) use book::{Approvals, is_approval_policy, is_approval_request};
pub(crate) use error::ApprovalError;
pub(crate) use gate::Approved;
pub(crate) use header::{CODE as APPROVAL_CODE, SentApproval};
pub(crate) use request::Operation;
pub(crate) use sight::is_there;

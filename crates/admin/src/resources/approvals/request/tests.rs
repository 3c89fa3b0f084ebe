use super::*;
use crate::identity::principal::{ApplicationRef, UserRef};
use crate::rbac::scope::Scopes;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn at(hours: i32) -> jiff::Timestamp {
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + HOUR * hours
}

/// Somebody of the seeded tenant; an application for itself if there is no such user.
fn principal(user: &str) -> Principal {
    let tenant = Tenant::seeded();
    let user = tenant.user_named(&tenant.upn(user));
    Principal {
        application: ApplicationRef { id: Uuid::from_u128(1), name: "Console".to_owned() },
        user: user.map(|user| UserRef {
            id: user.id,
            upn: user.upn.clone(),
            name: user.name.to_owned(),
        }),
        scopes: Scopes::every(),
    }
}

fn policy() -> ApprovalPolicy {
    let groups = [Tenant::seeded().groups[2].id];
    let body = json!({
        "displayName": "Wipes",
        "policyType": "deviceWipe",
        "approverGroupIds": groups,
    });
    let members = body.as_object().unwrap();
    ApprovalPolicy::made(Uuid::from_u128(2), members, &Tenant::seeded(), at(0)).unwrap()
}

fn operation() -> Operation {
    Operation {
        policy_type: PolicyType::DeviceWipe,
        name: "wipe".to_owned(),
        objects: vec!["1".to_owned()],
        object_name: "F17-1".to_owned(),
        payload: json!({}),
    }
}

fn asked_by(user: &str) -> ApprovalRequest {
    let asked = (operation(), "lost".to_owned());
    ApprovalRequest::made(Uuid::from_u128(3), at(0), &principal(user), &policy(), asked)
}

fn step(
    request: ApprovalRequest,
    step: Step,
    hours: i32,
    user: &str,
) -> Result<ApprovalRequest, ApprovalError> {
    request.step(step, at(hours), (&principal(user), &Tenant::seeded()), None)
}

/// Every step there is.
const STEPS: [(Status, Step, Status); 6] = [
    (Status::NeedsApproval, Step::Approve, Status::Approved),
    (Status::NeedsApproval, Step::Reject, Status::Rejected),
    (Status::NeedsApproval, Step::CancelMine, Status::Cancelled),
    (Status::Approved, Step::CancelApproval, Status::Cancelled),
    (Status::Approved, Step::CancelMine, Status::Cancelled),
    (Status::Approved, Step::Complete, Status::Completed),
];

/// Who takes the step, so that only the status can stand in the way.
const fn by(step: Step) -> &'static str {
    match step {
        Step::Approve | Step::Reject | Step::CancelApproval => "intune.admin",
        Step::CancelMine | Step::Complete => "global.admin",
    }
}

#[test]
fn every_step_leads_where_the_table_says_and_nowhere_else() {
    let in_status = |status| ApprovalRequest { status, ..asked_by("global.admin") };
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Expired) {
        for one in Step::ALL {
            let next = step(in_status(status), one, 1, by(one)).map(|next| next.status(at(1)));
            let row = STEPS.iter().find(|row| (row.0, row.1) == (status, one));
            let expected = match (row, status, one) {
                (Some(row), _, _) => Ok(row.2),
                (None, Status::NeedsApproval, Step::Complete) => {
                    Err(ApprovalError::Required(Uuid::from_u128(3)))
                }
                (None, _, _) => Err(ApprovalError::Status(status)),
            };
            assert_eq!(next, expected, "{one:?} from {status:?}");
        }
    }
}

#[test]
fn after_three_days_nothing_can_be_done_any_more() {
    let approved = step(asked_by("global.admin"), Step::Approve, 71, "intune.admin").unwrap();
    for request in [asked_by("global.admin"), approved] {
        assert!(request.is_open(at(71)));
        assert_eq!(request.status(at(72)), Status::Expired);
        for one in Step::ALL {
            let refused = step(request.clone(), one, 72, by(one));
            assert_eq!(refused, Err(ApprovalError::Status(Status::Expired)), "{one:?}");
        }
    }
}

#[test]
fn only_another_administrator_of_the_approver_group_decides() {
    for (asking, deciding, expected) in [
        ("global.admin", "intune.admin", Ok(Status::Approved)),
        ("an application", "intune.admin", Ok(Status::Approved)),
        ("global.admin", "global.admin", Err(ApprovalError::Own)),
        ("global.admin", "an application", Err(ApprovalError::OnlyPeople)),
        ("an application", "an application", Err(ApprovalError::OnlyPeople)),
        ("global.admin", "ada.brandt", Err(ApprovalError::NotAnApprover)),
    ] {
        for one in [Step::Approve, Step::Reject] {
            let decided = step(asked_by(asking), one, 1, deciding).map(|next| next.status(at(1)));
            let wanted = expected.map(|status| match one {
                Step::Reject => Status::Rejected,
                Step::Approve | Step::CancelApproval | Step::CancelMine | Step::Complete => status,
            });
            assert_eq!(decided, wanted, "{deciding} on {asking}");
        }
    }
}

#[test]
fn only_whoever_asked_takes_back_or_completes() {
    let approved = step(asked_by("global.admin"), Step::Approve, 1, "intune.admin").unwrap();
    for other in ["intune.admin", "an application"] {
        let cancelled = step(approved.clone(), Step::CancelMine, 2, other);
        assert_eq!(cancelled, Err(ApprovalError::NotYours));
        let completed = step(approved.clone(), Step::Complete, 2, other);
        assert_eq!(completed, Err(ApprovalError::OtherRequestor));
    }
}

#[test]
fn a_request_is_seen_for_thirty_days_after_its_last_change() {
    let rejected = step(asked_by("global.admin"), Step::Reject, 1, "intune.admin").unwrap();
    assert!(!rejected.is_stale(at(1 + 30 * 24)));
    assert!(rejected.is_stale(at(2 + 30 * 24)));
    assert!(!asked_by("global.admin").is_stale(at(71)));
}

#[test]
fn what_was_written_is_read_back() {
    let request = step(asked_by("global.admin"), Step::Approve, 1, "intune.admin").unwrap();
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<ApprovalRequest>(&text).unwrap(), request);
}

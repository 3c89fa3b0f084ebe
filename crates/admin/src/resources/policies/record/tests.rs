use proptest::prelude::*;

use super::*;
use crate::identity::tenant::Tenant;
use crate::resources::policies::catalog::TYPES;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| (f64::from(number) / 4.0).into()),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("displayName".to_owned()),
        Just("description".to_owned()),
        Just("passcodeMinimumLength".to_owned()),
        Just("passwordRequiredType".to_owned()),
        Just("assignments".to_owned()),
        Just("target".to_owned()),
        Just("@odata.type".to_owned()),
        Just(ACTIONS.to_owned()),
        "[a-zA-Z@.]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is sent, it is refused or it is a policy that is read as it was written.
    #[test]
    fn what_is_taken_is_kept_and_shown_as_it_was(
        place in 0..TYPES.len(),
        mut members in prop::collection::btree_map(name(), any_json(), 0..5),
        typed in any::<bool>(),
    ) {
        let kind = &TYPES[place];
        if typed {
            members.insert("@odata.type".to_owned(), format!("#microsoft.graph.{}", kind.name).into());
            members.insert("displayName".to_owned(), "any".into());
        }
        let members: Map<String, Value> = members.into_iter().collect();
        for version in Version::ALL {
            let made = PolicyRecord::made(kind.family, version, &members, String::new());
            let Ok(made) = made else { continue };
            let text = serde_json::to_string(&made).unwrap();
            let read: PolicyRecord = serde_json::from_str(&text).unwrap();
            prop_assert!(read == made);
            for (name, value) in &made.settings {
                prop_assert_eq!(&made.shown(version, &[])[name], value);
            }
            let changed = made.clone().changed(version, &members, String::new());
            prop_assert!(changed.is_ok_and(|changed| changed.settings == made.settings));
        }
    }

    #[test]
    fn whatever_is_assigned_is_a_target_or_refused(
        members in prop::collection::btree_map(name(), any_json(), 0..4),
    ) {
        let members: Map<String, Value> = members.into_iter().collect();
        if let Ok(targets) = Target::read_all(&members, &Tenant::seeded()) {
            prop_assert!(targets.is_empty());
        }
    }
}

#[test]
fn a_document_of_a_type_nobody_knows_is_not_read() {
    let kind = PolicyType::find("iosGeneralDeviceConfiguration").unwrap();
    let members = serde_json::json!({
        "@odata.type": format!("microsoft.graph.{}", kind.name),
        "displayName": "any",
    });
    let members = members.as_object().unwrap();
    let made = PolicyRecord::made(kind.family, Version::V1, members, String::new()).unwrap();
    let text = serde_json::to_string(&made).unwrap();
    let renamed = text.replace(kind.name, "macOSGeneralDeviceConfiguration");
    assert_ne!(text, renamed);
    assert!(serde_json::from_str::<PolicyRecord>(&renamed).is_err());
}

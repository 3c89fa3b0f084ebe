//! The JSON schema of a case, where its words are not those of the reader itself.

use std::borrow::Cow;

use muster_control::ActionKind;
use muster_protocol::Mode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::step_file::{ActionFile, SpanFile};

/// The named failures a device may have, as [`muster_device::Quirk`] is spelled.
const QUIRKS: [&str; 10] = [
    "SamsungFactoryResetBlocked",
    "ZebraPartialWipe",
    "AgentTarget34WipeData",
    "AgentWithoutTokens",
    "ShortResetToken",
    "FourDigitPasscodes",
    "SetupAssistantWantsAUserName",
    "NoEscrowKeybag",
    "NoPositionFix",
    "BrokenSpeaker",
];

/// How it may report what it does, as [`muster_device::Acknowledgement`] is spelled.
const ACKNOWLEDGEMENTS: [&str; 4] =
    ["BeforeReset", "ResetsWithoutReporting", "ConfirmsBeforeExecuting", "ConfirmsWhateverHappens"];

/// A mode of enrolment.
pub(super) struct ModeWord;

/// A version such as `17` or `17.4.1`.
pub(super) struct VersionText;

/// An enrolment profile of the server.
pub(super) struct ProfileWord;

/// A named failure.
pub(super) struct QuirkWord;

/// A way to report.
pub(super) struct AcknowledgementWord;

/// The table `[device.traits]`.
pub(super) struct TraitsTable;

/// Gives a type the schema of this name and content.
macro_rules! described {
    ($($of:ty, $name:literal => $schema:expr;)*) => {
        $(impl JsonSchema for $of {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })*
    };
}

described! {
    ModeWord, "Mode" => words("How the device is managed", &Mode::ALL.map(Mode::name));
    VersionText, "Version" => json_schema!({
        "type": "string", "pattern": r"^\d+(\.\d+){0,2}$",
        "description": "A version of the operating system, such as 17 or 17.4.1",
    });
    ProfileWord, "Profile" => words(
        "An enrolment profile of the server: devices of `default` get all policies",
        &["default", "no-policy"],
    );
    QuirkWord, "Quirk" => words("A failure the device is known for", &QUIRKS);
    AcknowledgementWord, "Acknowledgement" => words("How it reports what it does", &ACKNOWLEDGEMENTS);
    ActionFile, "Action" => words(
        "An action, as Microsoft Graph has it",
        &ActionKind::ALL.map(ActionKind::graph_name),
    );
    SpanFile, "Span" => json_schema!({
        "type": "string", "pattern": r"^\s*\d", "description": "A span with its unit, such as 30s, 12h or 7 days",
    });
    TraitsTable, "Traits" => json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "agent_target": {
                "type": "integer", "minimum": 0, "maximum": 65_535, "default": 35,
                "description": "API level the Android agent was built for",
            },
            "quirk": words("As the key of the device", &QUIRKS),
            "acknowledgement": words("As the key of the device", &ACKNOWLEDGEMENTS),
            "await_configuration": words(
                "Whether Setup Assistant holds the device until deviceConfigured",
                &["No", "Yes"],
            ),
            "access_rights": {
                "type": "integer", "minimum": 0, "maximum": 65_535, "default": 8_191,
                "description": "AccessRights of the management profile; unsupervised Apple devices heed them",
            },
            "account_sign_in": words(
                "When the user of an account-driven enrolment signs in",
                &["AtOnce", "Later"],
            ),
            "location": words(
                "Whether an Android device may be located",
                &["Granted", "SwitchedOff", "NotConsented", "RuledOut"],
            ),
        },
    });
}

fn words(description: &str, words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "description": description, "enum": words })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::{env, fs};

    use muster_device::{Acknowledgement, Quirk, Traits};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::case::{parse, schema};

    /// Set to write the schema instead of comparing with it.
    const WRITE: &str = "WRITE_SCHEMA";

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn reference() -> String {
        fs::read_to_string(root().join("docs/cases.md")).unwrap()
    }

    fn examples(text: &str) -> Vec<&str> {
        let blocks = text.split("```toml\n").skip(1);
        blocks.filter_map(|rest| rest.split("```").next()).collect()
    }

    /// What a schema says against a value; nothing if it holds.
    fn against(root: &Value, schema: &Value, value: &Value) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str() {
            let at = root.pointer(name.trim_start_matches('#')).unwrap();
            return against(root, at, value);
        }
        let of_any = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
        if let Some(any) = of_any {
            let said: Vec<String> = any.iter().map_while(|one| against(root, one, value)).collect();
            return (said.len() == any.len()).then(|| format!("{value}: {said:?}"));
        }
        let is_one = schema["enum"].as_array().is_none_or(|words| words.contains(value));
        let is_it = schema.get("const").is_none_or(|it| it == value);
        if !is_one || !is_it {
            return Some(format!("{value} is not {schema}"));
        }
        match value {
            Value::Object(members) => members_against(root, schema, members),
            Value::Array(items) => {
                items.iter().find_map(|item| against(root, &schema["items"], item))
            }
            Value::String(_) => other_type(schema, "string"),
            Value::Number(_) => other_type(schema, "integer"),
            Value::Bool(_) | Value::Null => Some(format!("{value} is in no case")),
        }
    }

    fn other_type(schema: &Value, is: &str) -> Option<String> {
        let wanted = &schema["type"];
        let fits = wanted.as_str().is_none_or(|one| one == is)
            && wanted.as_array().is_none_or(|all| all.contains(&json!(is)));
        (!fits).then(|| format!("{wanted} is wanted, not {is}"))
    }

    fn members_against(
        root: &Value,
        schema: &Value,
        members: &serde_json::Map<String, Value>,
    ) -> Option<String> {
        let needed = schema["required"].as_array().into_iter().flatten();
        let missing = needed.filter_map(Value::as_str).find(|key| !members.contains_key(*key));
        let unknown = members.keys().find(|key| schema["properties"].get(key).is_none());
        missing.or(unknown.map(String::as_str)).map(str::to_owned).or_else(|| {
            members.iter().find_map(|(key, value)| {
                let said = against(root, &schema["properties"][key], value)?;
                Some(format!("{key}: {said}"))
            })
        })
    }

    fn judged(text: &str) -> Option<String> {
        let schema = schema();
        against(&schema, &schema, &toml::from_str(text).unwrap())
    }

    #[test]
    fn every_case_that_comes_along_is_right_by_the_schema() {
        let mut cases = 0;
        for entry in fs::read_dir(root().join("fixtures/cases")).unwrap() {
            let path = entry.unwrap().path();
            let said = judged(&fs::read_to_string(&path).unwrap());
            assert_eq!(said, None, "{}", path.display());
            cases += 1;
        }
        assert!(cases > 100, "{cases}");
    }

    #[test]
    fn what_the_reader_refuses_is_wrong_by_the_schema() {
        let text = fs::read_to_string(root().join("fixtures/cases/forgotten-passcode.toml"));
        let text = text.unwrap();
        assert_eq!(judged(&text), None);
        for (old, new) in [
            ("\"user\"", "\"dance\""),
            ("\"forget-passcode\"", "\"fly\""),
            ("resetPasscode", "resetPassword"),
            ("\"done\"", "\"finished\""),
            ("model", "modle"),
            ("\"dedicated\"", "\"kiosk\""),
            ("story", "tale"),
        ] {
            let wrong = text.replace(old, new);
            assert!(judged(&wrong).is_some() && parse("wrong", &wrong).is_err(), "{new}");
        }
    }

    #[test]
    fn the_words_of_the_schema_are_those_of_devices() {
        fn known<T: DeserializeOwned>(word: &Value) -> bool {
            serde_json::from_value::<T>(word.clone()).is_ok()
        }
        assert!(QUIRKS.iter().all(|word| known::<Quirk>(&json!(word))));
        assert!(ACKNOWLEDGEMENTS.iter().all(|word| known::<Acknowledgement>(&json!(word))));
        let traits = schemars::schema_for!(TraitsTable).to_value();
        for (key, of) in traits["properties"].as_object().unwrap() {
            for word in of["enum"].as_array().unwrap_or(&vec![of["default"].clone()]) {
                assert!(known::<Traits>(&json!({ key: word })), "{key} = {word}");
            }
        }
    }

    #[test]
    fn the_schema_in_the_repository_is_the_one_of_this_build() {
        let path = root().join("fixtures/schemas/case.schema.json");
        let fresh = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if env::var_os(WRITE).is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap();
        assert!(stored == fresh, "run it again with {WRITE}=1");
    }

    /// Every key and every word of a schema, however deep.
    fn told(schema: &Value, found: &mut BTreeSet<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            found.extend(properties.keys().cloned());
        }
        let words = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
        found.extend(words.filter_map(Value::as_str).map(str::to_owned));
        match schema {
            Value::Object(members) => members.values().for_each(|it| told(it, found)),
            Value::Array(items) => items.iter().for_each(|it| told(it, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn the_reference_names_every_key_and_every_word() {
        let (text, mut names) = (reference(), BTreeSet::new());
        told(&schema(), &mut names);
        for name in names {
            let written = [format!("`{name}`"), format!("[{name}]"), format!("[device.{name}]")];
            assert!(written.iter().any(|written| text.contains(written)), "{name}");
        }
    }

    #[test]
    fn the_examples_of_the_reference_are_right() {
        let text = reference();
        let examples = examples(&text);
        assert!(!examples.is_empty());
        for example in examples {
            assert_eq!(judged(example), None, "{example}");
            assert!(parse("example", example).is_ok(), "{example}");
        }
    }
}

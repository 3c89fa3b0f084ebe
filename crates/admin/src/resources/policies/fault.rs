//! What is wrong with the body of a policy.

/// Most characters of a client's word that are repeated.
const ECHO_CHARS_MAX: usize = 64;

/// A policy that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyFault {
    #[error("@odata.type is needed: it says which kind of {0} this is")]
    NoType(&'static str),
    #[error("'{name}' is no type of {entity} here; docs/policies.md lists them")]
    UnknownType { name: String, entity: &'static str },
    #[error("the type of a policy cannot be changed: make another one")]
    OtherType,
    #[error("could not find a property named '{name}' on type 'microsoft.graph.{entity}'")]
    Property { name: String, entity: &'static str },
    #[error("{name} has to be {wanted}")]
    Value { name: String, wanted: String },
    #[error("displayName is needed")]
    NoName,
    #[error(
        "scheduledActionsForRule is needed, with exactly one action of the type 'block': it is \
         what makes a device noncompliant"
    )]
    NoBlock,
    #[error("assignments are not written with the policy: post them to its assign action")]
    Assigned,
    #[error("assignments has to be a list of targets")]
    NoTargets,
    #[error("'{0}' is no target a policy can be assigned to here")]
    Target(String),
    #[error("no group of this tenant has the id '{0}'")]
    Group(String),
    #[error("assignment filters are not simulated")]
    Filter,
    #[error("the tenant has as many policies as it may")]
    Full,
}

/// A client's word, short enough to be repeated.
pub(super) fn echo(word: &str) -> String {
    word.chars().take(ECHO_CHARS_MAX).collect()
}

//! What the member `scope` of a token request asks for.

use crate::identity::device_code::{Extras, Wanted};
use crate::identity::refusal::{TokenRefusal, echo};
use crate::identity::token::{AUDIENCE, AUDIENCE_ID};
use crate::rbac::scope::{Scope, Scopes};

/// What asks for everything an application was given.
const DEFAULT: &str = "/.default";

/// Longest name of a scope.
const NAME_CHARS_MAX: usize = 120;

/// What an application asks for itself: `<resource>/.default` and nothing else.
///
/// # Errors
/// [`TokenRefusal`] if it names single scopes or a resource that is not here.
pub(super) fn for_itself(text: &str, given: Scopes) -> Result<Scopes, TokenRefusal> {
    let resource = text
        .trim()
        .strip_suffix(DEFAULT)
        .filter(|resource| !resource.contains(' '))
        .ok_or_else(|| TokenRefusal::DefaultScopeOnly(echo(text)))?;
    known(resource)?;
    Ok(given)
}

/// What an application asks for on behalf of a person.
///
/// Scopes of Graph that this API does not know give nothing: scripts ask for more than devices.
///
/// # Errors
/// [`TokenRefusal`] if it is no list of scopes or names a resource that is not here.
pub(super) fn for_a_person(text: &str, given: Scopes) -> Result<(Scopes, Extras), TokenRefusal> {
    let (mut scopes, mut extras) = (Scopes::default(), Extras::default());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "openid" => extras.id_token = Wanted::Yes,
            "offline_access" => extras.refresh_token = Wanted::Yes,
            "profile" | "email" => {}
            _ => scopes = scopes.or(one(word, given)?),
        }
    }
    Ok((scopes, extras))
}

fn one(word: &str, given: Scopes) -> Result<Scopes, TokenRefusal> {
    if let Some(resource) = word.strip_suffix(DEFAULT) {
        known(resource)?;
        return Ok(given);
    }
    let name = match word.rsplit_once('/') {
        None => word,
        Some((resource, name)) => {
            known(resource)?;
            name
        }
    };
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !letters {
        return Err(TokenRefusal::Scope(echo(word)));
    }
    let asked: Scopes = Scope::named(name).into_iter().collect();
    Ok(asked.and(given))
}

/// Whether tokens for a resource are made here.
///
/// The loopback names are there because the Python SDK asks for `http://localhost/.default` if it
/// is not told what to ask for.
fn known(resource: &str) -> Result<(), TokenRefusal> {
    let bare = resource.trim_end_matches('/');
    let graph = bare.eq_ignore_ascii_case(AUDIENCE) || bare.eq_ignore_ascii_case(AUDIENCE_ID);
    if graph || is_loopback(bare) { Ok(()) } else { Err(TokenRefusal::Resource(echo(resource))) }
}

/// Whether scheme and authority of an address are those of the loopback device.
pub(super) fn is_loopback(resource: &str) -> bool {
    let rest = resource.strip_prefix("https://").or_else(|| resource.strip_prefix("http://"));
    let Some(authority) = rest else {
        return false;
    };
    ["localhost", "127.0.0.1", "[::1]"].into_iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|port| {
            let digits = port.strip_prefix(':').unwrap_or(port);
            (port.is_empty() || digits.len() < port.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Scopes {
        [Scope::ManagedDevicesRead, Scope::RbacRead].into_iter().collect()
    }

    #[test]
    fn an_application_gets_all_it_was_given_or_nothing() {
        for resource in [AUDIENCE, "https://graph.microsoft.com/", AUDIENCE_ID] {
            assert_eq!(for_itself(&format!("{resource}/.default"), some()), Ok(some()));
        }
        for local in ["http://localhost", "https://127.0.0.1:8443", "https://[::1]:1"] {
            assert_eq!(for_itself(&format!("{local}/.default"), some()), Ok(some()), "{local}");
        }
        let named = for_itself("https://graph.microsoft.com/User.Read", some());
        assert!(matches!(named, Err(TokenRefusal::DefaultScopeOnly(_))));
        for other in ["https://vault.azure.net", "http://localhost.example", "https://localhost:8x"]
        {
            let elsewhere = for_itself(&format!("{other}/.default"), some());
            assert!(matches!(elsewhere, Err(TokenRefusal::Resource(_))), "{other}");
        }
    }

    #[test]
    fn a_person_gives_what_was_asked_of_what_the_application_may_have() {
        let asked = "openid https://graph.microsoft.com/DeviceManagementRBAC.Read.All \
                     devicemanagementmanageddevices.readwrite.all User.Read";
        let (scopes, extras) = for_a_person(asked, some()).unwrap();
        assert_eq!(scopes, [Scope::RbacRead].into_iter().collect());
        assert_eq!(extras, Extras { id_token: Wanted::Yes, refresh_token: Wanted::No });
        let (all, _extras) = for_a_person("https://graph.microsoft.com//.default", some()).unwrap();
        assert_eq!(all, some());
    }

    #[test]
    fn words_that_are_no_scopes_are_refused() {
        for word in ["a\"b", "https://graph.microsoft.com/", &"a".repeat(121), "é"] {
            assert!(matches!(for_a_person(word, some()), Err(TokenRefusal::Scope(_))), "{word}");
        }
    }
}

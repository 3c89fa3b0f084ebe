//! Where the endpoints are, for libraries that ask before they ask for tokens.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde_json::{Value, json};

use crate::http::origin::Origin;
use crate::identity::authenticate::Identity;
use crate::identity::grants::Realm;
use crate::rbac::scope::Scope;

/// The hosts at which unmodified scripts look for tokens. A proxy that leads them here keeps
/// their names, and what they are told must begin with the name they know.
///
/// Source: Microsoft identity platform, the endpoints of the global cloud.
const KNOWN_HOSTS: [&str; 3] =
    ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net"];

/// Scheme and host that links to endpoints begin with: those of the server, or one of the few
/// known names if the request came by it. No other `Host` counts.
pub(super) fn base(headers: &HeaderMap, origin: &Origin) -> String {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let bare = named.strip_suffix(":443").unwrap_or(named);
    match KNOWN_HOSTS.into_iter().find(|known| bare.eq_ignore_ascii_case(known)) {
        Some(known) => format!("https://{known}"),
        None => origin.to_string(),
    }
}

impl Identity {
    /// The metadata of a tenant.
    ///
    /// Source: OpenID Connect Discovery 1.0, section 3; RFC 8628, section 4.
    pub(super) fn configuration(&self, realm: Realm, base: &str) -> Value {
        let tenant = self.tenant().id;
        let segment = match realm {
            Realm::This => tenant.to_string(),
            Realm::Any => "common".to_owned(),
        };
        let own_scopes = ["openid", "profile", "email", "offline_access"];
        let scopes: Vec<&str> =
            own_scopes.into_iter().chain(Scope::ALL.into_iter().map(Scope::name)).collect();
        json!({
            "token_endpoint": format!("{base}/{segment}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "jwks_uri": format!("{base}/{segment}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": scopes,
            "grant_types_supported": [
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
                "password",
                "refresh_token",
            ],
            "issuer": format!("{base}/{tenant}/v2.0"),
            "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{base}/{segment}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/{segment}/oauth2/v2.0/devicecode"),
            "claims_supported":
                ["sub", "iss", "aud", "exp", "iat", "tid", "ver", "name", "preferred_username", "oid"],
            "tenant_region_scope": Value::Null,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
        })
    }

    /// The keys tokens are verified with.
    pub(super) fn keys(&self, base: &str) -> Value {
        self.key().public_set(&format!("{base}/{}/v2.0", self.tenant().id))
    }

    /// Which names this server has, for libraries that look before they trust one.
    pub(super) fn instances(&self, base: &str) -> Value {
        let host = base.split_once("://").map_or(base, |(_scheme, host)| host);
        let mut aliases = vec![host];
        aliases.extend(KNOWN_HOSTS.into_iter().filter(|known| *known != host));
        json!({
            "tenant_discovery_endpoint":
                format!("{base}/{}/v2.0/.well-known/openid-configuration", self.tenant().id),
            "api-version": "1.1",
            "metadata": [{
                "preferred_network": host,
                "preferred_cache": host,
                "aliases": aliases,
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn based_on(host: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        base(&headers, &"https://127.0.0.1:8443".parse().unwrap())
    }

    #[test]
    fn links_begin_with_the_server_or_a_name_scripts_know() {
        assert_eq!(based_on("login.microsoftonline.com"), "https://login.microsoftonline.com");
        assert_eq!(based_on("LOGIN.windows.net:443"), "https://login.windows.net");
        for other in ["evil.example", "login.microsoftonline.com.evil.example", "127.0.0.1:1"] {
            assert_eq!(based_on(other), "https://127.0.0.1:8443", "{other}");
        }
    }
}

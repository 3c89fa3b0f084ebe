//! Where the endpoints are, for libraries that ask before they ask for tokens.

use serde_json::{Value, json};

use crate::identity::authenticate::Identity;
use crate::identity::grants::Realm;
use crate::rbac::scope::Scope;

/// The names of the global cloud's sign-in, which libraries take for one.
///
/// Source: Microsoft identity platform, instance discovery.
const KNOWN_HOSTS: [&str; 3] =
    ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net"];

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
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": format!("{base}/{segment}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": scopes,
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": [
                "authorization_code",
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

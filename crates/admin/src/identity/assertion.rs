//! Assertions: tokens that an application signs with the key of its certificate.
//!
//! Source: RFC 7523, section 3; Microsoft identity platform, "Certificate credentials".

use core::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::Deserialize;

use crate::identity::certificate::ClientCertificate;
use crate::identity::grants::TokenRequest;
use crate::identity::refusal::TokenRefusal;
use crate::identity::tenant::{Application, Tenant};
use crate::identity::token::TOKEN_BYTES_MAX;

/// What `client_assertion_type` has to be.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The algorithms an assertion may be signed with.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::PS256];

/// How far the clock of a program may be off, in seconds.
///
/// Source: Microsoft identity platform: five minutes.
const LEEWAY_SECONDS: i64 = 300;

/// What is wrong with an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AssertionFault {
    #[error("JWT token is invalid or malformed.")]
    Malformed,
    #[error(
        "Invalid JWT token. The signature algorithm of the assertion is not supported. Supported signing algorithms are: 'RS256, PS256'."
    )]
    Algorithm,
    #[error("Client assertion failed signature validation. [Reason - The key was not found.]")]
    Key,
    #[error("Client assertion failed signature validation. [Reason - The signature is invalid.]")]
    Signature,
    #[error("Client assertion is not within its valid time range.")]
    Time,
    #[error("Client assertion audience claim does not match Realm issuer.")]
    Audience,
    #[error("Client assertion application identifier doesn't match 'client_id' parameter.")]
    Subject,
}

impl AssertionFault {
    /// The number of the service.
    ///
    /// Source: Microsoft Entra authentication and authorization error codes.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Malformed => 50027,
            Self::Algorithm => 5_002_738,
            Self::Key | Self::Signature => 700_027,
            Self::Time => 700_024,
            Self::Audience => 700_023,
            Self::Subject => 700_021,
        }
    }
}

/// What an assertion says.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    exp: NumericDate,
    #[serde(default)]
    nbf: NumericDate,
}

/// Seconds since 1970. Libraries write fractions too.
///
/// Source: RFC 7519, section 2.
#[derive(Clone, Copy, Default, Deserialize)]
struct NumericDate(f64);

impl NumericDate {
    /// Whole seconds; a time nobody can mean is 1970.
    fn seconds(self) -> i64 {
        let since = Duration::try_from_secs_f64(self.0).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
}

/// An assertion and what it has to fit.
pub(super) struct Proof<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) certificates: &'a [ClientCertificate],
    pub(super) application: &'a Application,
    pub(super) request: TokenRequest<'a>,
}

impl Proof<'_> {
    /// Checks the assertion of a form.
    ///
    /// # Errors
    /// [`TokenRefusal`] if it is of another type or does not prove that the application sent it.
    pub(super) fn check(&self, assertion: &str) -> Result<(), TokenRefusal> {
        match self.request.form.member("client_assertion_type") {
            Some(TYPE) => Ok(self.prove(assertion)?),
            Some(_other) => Err(AssertionFault::Malformed.into()),
            None => Err(TokenRefusal::Absent("client_assertion_type")),
        }
    }

    fn prove(&self, assertion: &str) -> Result<(), AssertionFault> {
        let claims = self.signed(assertion)?;
        let own = self.application.id.to_string();
        if claims.iss != own || claims.sub != own {
            return Err(AssertionFault::Subject);
        }
        if !self.is_for_us(&claims.aud) {
            return Err(AssertionFault::Audience);
        }
        let now = self.request.now.as_second();
        let early = claims.nbf.seconds().saturating_sub(LEEWAY_SECONDS) > now;
        let late = claims.exp.seconds().saturating_add(LEEWAY_SECONDS) <= now;
        if early || late { Err(AssertionFault::Time) } else { Ok(()) }
    }

    /// What an assertion says that a certificate of the application signed.
    fn signed(&self, assertion: &str) -> Result<Claims, AssertionFault> {
        if assertion.len() > TOKEN_BYTES_MAX {
            return Err(AssertionFault::Malformed);
        }
        let header = decode_header(assertion).map_err(|error| fault(&error))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(AssertionFault::Algorithm);
        }
        let key = &self.named(&header).ok_or(AssertionFault::Key)?.key;
        let read = decode(assertion, key, &signature_only(header.alg));
        read.map(|read| read.claims).map_err(|error| fault(&error))
    }

    fn named(&self, header: &Header) -> Option<&ClientCertificate> {
        let (x5t, x5t_s256) = (header.x5t.as_deref(), header.x5t_s256.as_deref());
        let own = |known: &&ClientCertificate| known.application == self.application.id;
        self.certificates.iter().filter(own).find(|known| known.is_called(x5t, x5t_s256))
    }

    /// Whether an audience is the token endpoint, or the issuer, of this tenant here.
    fn is_for_us(&self, audience: &str) -> bool {
        let Some(rest) = audience.strip_prefix(self.request.base) else { return false };
        let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] | [tenant, "v2.0"] => self.tenant.is_called(tenant),
            _ => false,
        }
    }
}

/// The times are compared with the clock of the server behind the API, which may be moved.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn fault(error: &jsonwebtoken::errors::Error) -> AssertionFault {
    // The list of kinds is open-ended; whatever else is wrong with it, it is no assertion.
    if matches!(error.kind(), ErrorKind::InvalidSignature) {
        AssertionFault::Signature
    } else if matches!(error.kind(), ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm) {
        AssertionFault::Algorithm
    } else {
        AssertionFault::Malformed
    }
}
